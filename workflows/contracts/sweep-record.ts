/**
 * What the store keeps of a sweep beside its artifacts, so that its report can be made from the store alone, at any time:
 * `sweeps/<folder>/sweep.json` from the start of the sweep, `sweeps/<folder>/report.json` from its last report.
 */
import { z } from 'zod';
import { ArtifactRef } from './artifacts.ts';
import { FingerprintsResult } from './requests.ts';
import { SweepSpec } from './spec.ts';

export const SweepRecord = z.strictObject({
  schemaVersion: z.literal(1),
  /** Workflow id of the sweep: the name that people know it by. */
  sweep: z.string().min(1),
  /** With its defaults filled in, and without what is about single runs of it (`run`, `only`, `force`). */
  spec: SweepSpec,
  /** Of everything outside the store that the spec rests on: with the spec they give every artifact's key. */
  fingerprints: FingerprintsResult,
});
export type SweepRecord = z.infer<typeof SweepRecord>;

/** The report that a sweep ended with; its recipe says why what is missing is missing. */
export const PublishedReport = z.strictObject({ schemaVersion: z.literal(1), report: ArtifactRef });
export type PublishedReport = z.infer<typeof PublishedReport>;
