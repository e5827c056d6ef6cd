/** The one table of timeouts, heartbeats and retries; every activity and child workflow takes its own from here. */
import { ActivityCancellationType, type ActivityOptions } from '@temporalio/workflow';
import { LIGHT_QUEUE, TRAINER_QUEUE } from './queues.ts';

/**
 * Failures that no retry helps are marked non-retryable where they arise, and so is every failure at `LAST_ATTEMPT`
 * (activities/stage/failures.ts). There is no other limit: a worker that was stopped, preempted or lost is no failure of the
 * stage, however often it happens.
 */
const retry = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' } as const;

export const POLICIES = {
  /** Look-ups and other small requests to the store: quick, and worth many tries when a connection is lost. */
  lookup: { taskQueue: LIGHT_QUEUE, startToCloseTimeout: '2m', heartbeatTimeout: '1m', retry },
  /** Sources, datasets, reports: minutes of work on one core; what was lost with a worker is cheap to repeat. */
  data: { taskQueue: LIGHT_QUEUE, startToCloseTimeout: '6h', heartbeatTimeout: '1m', retry },
  /**
   * Trainer jobs: hours on a GPU. No bound on the wait in the queue, since a free device may be long in coming. Cancelling
   * waits until the trainer has stopped, so that no job outlives its sweep.
   */
  trainer: {
    taskQueue: TRAINER_QUEUE,
    startToCloseTimeout: '2d',
    heartbeatTimeout: '1m',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry,
  },
} as const satisfies Record<string, ActivityOptions>;
