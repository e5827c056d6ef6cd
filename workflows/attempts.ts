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
