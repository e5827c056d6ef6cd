/** The one table of timeouts, heartbeats and retries; every activity and child workflow takes its own from here. */
import { ActivityCancellationType, type ActivityOptions } from '@temporalio/workflow';
import { LIGHT_QUEUE, TRAINER_QUEUE } from './queues.ts';

/** Failures that no retry helps are marked non-retryable where they arise (activities/stage/failures.ts). */
const retry = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' } as const;

export const POLICIES = {
  /** Look-ups and other small requests to the store: quick, and worth many tries when a connection is lost. */
  lookup: { taskQueue: LIGHT_QUEUE, startToCloseTimeout: '2m', heartbeatTimeout: '1m', retry: { ...retry, maximumAttempts: 20 } },
  /** Sources, datasets, reports: minutes of work on one core; what was lost with a worker is cheap to repeat. */
  data: { taskQueue: LIGHT_QUEUE, startToCloseTimeout: '6h', heartbeatTimeout: '1m', retry: { ...retry, maximumAttempts: 10 } },
  /**
   * Trainer jobs: hours on a GPU. No bound on the wait in the queue, since a free device may be long in coming. Cancelling
   * waits until the trainer has stopped, so that no job outlives its sweep.
   */
  trainer: {
    taskQueue: TRAINER_QUEUE,
    startToCloseTimeout: '2d',
    heartbeatTimeout: '1m',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { ...retry, maximumAttempts: 5 },
  },
} as const satisfies Record<string, ActivityOptions>;
