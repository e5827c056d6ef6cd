/** The one table of timeouts, heartbeats and retries; every activity and child workflow takes its own from here. */
import { ActivityCancellationType, type ActivityOptions } from '@temporalio/workflow';
import { RETRY_AFTER } from './attempts.ts';
import { LIGHT_QUEUE, LLM_QUEUE, TRAINER_QUEUE } from './queues.ts';

/**
 * Failures that no retry helps are marked non-retryable where they arise, and so is the last of `MOST_FAILURES`
 * (activities/stage/failures.ts). A worker that was stopped, preempted or lost is no failure of the stage; that has a limit of its own,
 * `MOST_LOSSES` (attempts.ts has both, and how long is waited between attempts). Temporal counts lost attempts and jobs that were turned down, too, so activities
 * that fail say themselves how long, by the failures that there were.
 */
const retry = { initialInterval: RETRY_AFTER.firstMs, backoffCoefficient: RETRY_AFTER.factor, maximumInterval: RETRY_AFTER.mostMs } as const;

/** The same for stages: one that took longer than an attempt may would do so again, so it waits for a person instead. The name is the server's. */
const retryStage = { ...retry, nonRetryableErrorTypes: ['TemporalTimeout:StartToClose'] };

// The summaries, for the UI, are those of activities that are given none of their own; a stage's names its cell.
export const POLICIES = {
  /** Look-ups and other small requests to the store: quick, and worth many tries when a connection is lost. */
  lookup: { taskQueue: LIGHT_QUEUE, startToCloseTimeout: '2m', heartbeatTimeout: '1m', retry },
  /** Webhooks: somebody else's server, for which no sweep waits longer than this. */
  notice: { taskQueue: LIGHT_QUEUE, startToCloseTimeout: '20s', scheduleToCloseTimeout: '5m', retry },
  /** A look at the trainers' queue: what it does not find out now, the next look may. */
  look: { summary: 'looks whether workers with a trainer listen', taskQueue: LIGHT_QUEUE, startToCloseTimeout: '20s', scheduleToCloseTimeout: '5m', retry },
  /** Sources, datasets, reports: minutes of work on one core; what was lost with a worker is cheap to repeat. */
  data: { summary: 'reads the files that the spec names', taskQueue: LIGHT_QUEUE, startToCloseTimeout: '6h', heartbeatTimeout: '1m', retry: retryStage },
  /** An LLM's texts: hundreds of thousands of calls under the endpoint's limits. What was paid for is in the reply cache, whatever happens. */
  writing: { taskQueue: LLM_QUEUE, startToCloseTimeout: '14d', heartbeatTimeout: '1m', retry: retryStage },
  /**
   * Trainer jobs: hours on a GPU. No bound on the wait in the queue, since a free device may be long in coming. Cancelling
   * waits until the trainer has stopped, so that no job outlives its sweep.
   */
  trainer: {
    taskQueue: TRAINER_QUEUE,
    startToCloseTimeout: '2d',
    heartbeatTimeout: '1m',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: retryStage,
  },
} as const satisfies Record<string, ActivityOptions>;

/** What keeps a sweep of any size within what a server takes: 2,000 open children, 50K events, 2 MB an answer. */
export interface SweepLimits {
  /** Cells that run, and patches. Fewer workers than this serve them anyway. */
  atOnce: number;
  /** Cells whose start is under way: what is asked of the server in one go must stay below 4 MB. */
  starting: number;
  /** Of sweeps with more units, cells tell how stages ended only: with all their news a history would grow too long. */
  tellingAll: number;
  /** Of sweeps with more units, `progress` tells the artifacts of those cells only that it is asked about. */
  withArtifacts: number;
  /** Units that `plan` tells of at once, where it is not asked about some. */
  planned: number;
  /** How often a sweep looks whether anybody does its trainer jobs. Each look is kept in its history. */
  looks: { firstMs: number; factor: number; mostMs: number };
  /**
   * What one run of a sweep may come to before it continues as new: events and bytes of its history, signals and updates that it
   * got. Well below what ends it, or has it hear nothing more (51,200, 50 MB, 10,000 and 2,000), since it then waits for a good moment.
   */
  history: { events: number; bytes: number; signals: number; updates: number };
}
export const LIMITS: SweepLimits = {
  atOnce: 500,
  starting: 100,
  tellingAll: 200,
  withArtifacts: 1_000,
  planned: 300,
  looks: { firstMs: 15_000, factor: 2, mostMs: 3_600_000 },
  history: { events: 20_000, bytes: 24_000_000, signals: 7_000, updates: 1_400 },
};

/** Between two signals of a cell to its sweep, unless it needs a person: news of stages that take less come together. */
export const NEWS_PAUSE_MS = 5_000;

/** How often, and how many times, a sweep asks whether the workflow of a cell, or of its herald, has closed that an earlier run of it had started. */
export const OLD_CHILD_CLOSES = { everyMs: 1_000, tries: 60 } as const;

/** How often a herald looks whether its sweep was terminated, where the server does not tell it: after a reset. */
export const HERALD_LOOKS_EVERY_MS = 3_600_000;

/** How many times the inputs of a unit are made anew, since they were found corrupt or gone, before a person is waited for. */
export const MOST_HEALINGS = 5;

/** How long a sweep waits before it asks again whether a batch of LLM requests is done; batches take minutes to a day. */
export const BATCH_POLL = { firstMs: 5_000, factor: 2, mostMs: 600_000 } as const;

/** Rounds of batches for one writing stage. Each text takes a few tries at most, one a round; more say that the endpoint never answers some. */
export const MOST_BATCH_ROUNDS = 30;
