/** What activities are asked and what they answer, beside recipes and stage results. */
import { z } from 'zod';
import { ArtifactRef, Recipe, StageResult } from './artifacts.ts';
import { SweepSpec } from './spec.ts';

/**
 * A stage to run. `locations` says where the files that the recipe names by their SHA-256 were found; the same bytes
 * anywhere else would do, so it is no part of the recipe.
 */
export const StageRequest = z.strictObject({ recipe: Recipe, locations: z.record(z.string(), z.string()).default({}) });
export type StageRequest = z.infer<typeof StageRequest>;

/** SHA-256 by path (or `miniature`) of everything outside the store that a spec rests on. */
export const FingerprintsResult = z.record(z.string(), z.string());

/** Asks which of these artifacts exist. */
export const FindRequest = z.array(ArtifactRef);
/** Results of those that do, by key. */
export const FindResult = z.record(z.string(), StageResult);
export type FindResult = z.infer<typeof FindResult>;

/** Makes a finished report easy to open: copies it to the reports folder under the sweep's name. */
export const PublishRequest = z.strictObject({ report: ArtifactRef, sweep: z.string().min(1) });
export type PublishRequest = z.infer<typeof PublishRequest>;
export const PublishResult = z.strictObject({ reportFile: z.string(), resultsFile: z.string() });
export type PublishResult = z.infer<typeof PublishResult>;

export const SpecRequest = z.strictObject({ spec: SweepSpec });
