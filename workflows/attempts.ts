/**
 * How many failures of an activity count as final, by what failed. Apart from policies.ts, since activities read it too. A job
 * that crashed its trainer may have cost hours; a server that cannot be reached may be back in minutes. Attempts that were lost
 * with their worker are no failures (activities/stage/failure-counts.ts).
 */
export const MOST_FAILURES = { trainer: 5, other: 15 } as const;

/**
 * How many attempts of a stage may be lost with their worker (preempted, killed, cut off), whatever fails besides. A stage that
 * takes every worker down with it would otherwise go round the fleet for ever; trainings go on from their checkpoints, so that a hundred
 * preemptions are weeks of work even where a machine is seldom left alone.
 */
export const MOST_LOSSES = 100;

/** How long the next attempt is waited for: after the first failure so long, after each further one so many times as long, up to the most. */
export const RETRY_AFTER = { firstMs: 1_000, factor: 2, mostMs: 60_000 } as const;

/** The wait after so many failures, this one included. */
export function retryAfterMs(failures: number): number {
  return Math.min(RETRY_AFTER.firstMs * RETRY_AFTER.factor ** (failures - 1), RETRY_AFTER.mostMs);
}
