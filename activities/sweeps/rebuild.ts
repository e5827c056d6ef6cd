/** A sweep's results from the store alone: no workflow is asked, and nothing is run. */
import canonicalize from 'canonicalize';
import { z } from 'zod';
import type { Documents } from '#infra/artifacts/documents.ts';
import type { ArtifactStore } from '#infra/artifacts/store.ts';
import type { Recipe } from '#workflows/contracts/artifacts.ts';
import type { SweepSpec } from '#workflows/contracts/spec.ts';
import type { SweepRecord } from '#workflows/contracts/sweep-record.ts';
import { planSweep, refsOf, unitsOf } from '#workflows/plan/plan.ts';
import { presentReport, type Reasons } from '#workflows/plan/present-report.ts';
import { reportOver } from '#workflows/plan/report.ts';
import { lookUpAll } from '../stage/look-up.ts';
import { lastReport } from './records.ts';

/** Where sweeps are kept. */
export interface SweepStore {
  store: ArtifactStore;
  documents: Documents;
}

/** The recipe of the report over what there is of a sweep now. @throws ArtifactCorrupt where a manifest cannot be read */
export async function presentRecipe({ store, documents }: SweepStore, { sweep, spec, fingerprints }: SweepRecord): Promise<Recipe> {
  const whole = planSweep(spec, fingerprints);
  const states = await lookUpAll(store, refsOf(unitsOf(whole)));
  return reportOver(presentReport({ spec, fingerprints }, states, await reasonsOf({ store, documents }, sweep, spec)), whole);
}

const ReportRecipe = z.looseObject({
  params: z.looseObject({ spec: z.unknown(), missing: z.record(z.string(), z.string()).default({}), skipped: z.record(z.string(), z.string()).default({}) }),
});

/** Why the sweep's last report says that something is missing, as far as it was asked for the same. */
async function reasonsOf({ store, documents }: SweepStore, sweep: string, spec: SweepSpec): Promise<Reasons> {
  const none = { missing: {}, skipped: {} };
  const ref = await lastReport(documents, sweep);
  const manifest = ref && (await store.find({ kind: ref.stage, key: ref.key }));
  const recipe = ReportRecipe.safeParse(manifest?.recipe);
  if (!recipe.success) return none;
  const { spec: reported, missing, skipped } = recipe.data.params;
  return canonicalize(reported) === canonicalize(spec) ? { missing, skipped } : none;
}
