/** The workflows with limits so low that small sweeps come to them. */
import { LIMITS, type SweepLimits } from '#workflows/policies.ts';
import { sweepWithin } from '#workflows/sweep.ts';

export { cell, discard, herald } from '#workflows/index.ts';

export const SMALL_LIMITS: SweepLimits = { atOnce: 2, starting: 1, tellingAll: 4, withArtifacts: 4, planned: 4, looks: { firstMs: 300, factor: 2, mostMs: 2_000 }, history: LIMITS.history };

export const sweep = (given: unknown, carried?: unknown) => sweepWithin(SMALL_LIMITS, given, carried);
