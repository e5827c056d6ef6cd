/**
 * Artifacts: the results of stages, found by the hash of everything that determines them.
 * A `Recipe` is that everything; the key is computed from it alone (workflows/plan/keys.ts), so the keys of a
 * whole sweep are known before any stage has run.
 */
import { z } from 'zod';

/** The kinds of work of the DAG; one artifact each. */
export const Stage = z.enum(['source', 'base', 'rank', 'write', 'dataset', 'train', 'evaluate', 'score', 'mask', 'patch', 'report']);
export type Stage = z.infer<typeof Stage>;

/** SHA-256 of a recipe's canonical JSON, in hexadecimal. */
export const ArtifactKey = z.string().regex(/^[0-9a-f]{64}$/);
export type ArtifactKey = z.infer<typeof ArtifactKey>;

/** Reference to an artifact: all that ever crosses a workflow in place of the data itself. */
export const ArtifactRef = z.strictObject({ stage: Stage, key: ArtifactKey });
export type ArtifactRef = z.infer<typeof ArtifactRef>;

/** Everything that determines an artifact, and nothing else. */
export const Recipe = z.strictObject({
  stage: Stage,
  /** Version of the stage's own code; raised whenever the same inputs would give other bytes. */
  version: z.int().positive(),
  /** The part of the spec that this stage reads. */
  params: z.record(z.string(), z.json()),
  /** Artifacts that this stage reads, by role. */
  inputs: z.record(z.string(), ArtifactRef),
  seed: z.int().nonnegative(),
});
export type Recipe = z.infer<typeof Recipe>;

/** Small facts about an artifact that workflows and progress may show: counts, F1, positive heads. */
export const Summary = z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()]));
export type Summary = z.infer<typeof Summary>;

/** What a stage's activity returns. `reused`: the artifact was there already and no work was done. `seconds`: how long its making took. */
export const StageResult = z.strictObject({ ref: ArtifactRef, reused: z.boolean(), summary: Summary, seconds: z.number().nonnegative().optional() });
export type StageResult = z.infer<typeof StageResult>;
