import type { Stage } from '../contracts/artifacts.ts';

/**
 * Version of each stage's own code. Raise a stage's number whenever the same inputs would give other bytes;
 * its artifacts, and all that rest on them, are then made anew. Cosmetic edits leave it alone and re-run nothing.
 */
export const STAGE_VERSIONS: Readonly<Record<Stage, number>> = {
  source: 2,
  base: 1,
  rank: 1,
  write: 2,
  dataset: 4,
  train: 2,
  evaluate: 1,
  score: 3,
  mask: 1,
  patch: 1,
  report: 7,
};
