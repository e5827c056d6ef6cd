import type { Stage } from '../contracts/artifacts.ts';

/**
 * Version of each stage's own code. Raise a stage's number whenever the same inputs would give other bytes;
 * its artifacts, and all that rest on them, are then made anew. Cosmetic edits leave it alone and re-run nothing.
 */
export const STAGE_VERSIONS: Readonly<Record<Stage, number>> = {
  source: 2,
  base: 1,
  dataset: 2,
  train: 1,
  evaluate: 1,
  score: 2,
  mask: 1,
  report: 2,
};
