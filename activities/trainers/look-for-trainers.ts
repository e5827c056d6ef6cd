import { Context } from '@temporalio/activity';
import type { TrainersResult } from '#workflows/contracts/requests.ts';
import { TRAINER_PRESENCE_QUEUE, TRAINER_QUEUE } from '#workflows/queues.ts';
import type { ActivityContext } from '../stage/context.ts';

/** TASK_QUEUE_TYPE_ACTIVITY of the Temporal API. */
const ACTIVITY_QUEUE = 2;

/** A worker asks for work again at least every minute. The server lists one that is gone for five. */
const GONE_AFTER_MS = 120_000;

/**
 * Whether any worker with a trainer listens, and how many trainer jobs wait for one. A worker does not ask for jobs while all its
 * devices are busy, so its presence queue counts as well.
 */
export async function lookForTrainers(_context?: ActivityContext): Promise<TrainersResult> {
  const { client, info } = Context.current();
  // By the server's clock, which is that of the times below.
  const since = info.currentAttemptScheduledTimestampMs - GONE_AFTER_MS;
  const look = (name: string) => client.workflowService.describeTaskQueue({ namespace: info.activityNamespace, taskQueue: { name }, taskQueueType: ACTIVITY_QUEUE, reportStats: true });
  const [jobs, presence] = await Promise.all([look(TRAINER_QUEUE), look(TRAINER_PRESENCE_QUEUE)]);
  const listening = [jobs, presence].some(({ pollers }) => pollers?.some(({ lastAccessTime }) => 1000 * Number(lastAccessTime?.seconds ?? 0) >= since));
  return { listening, waiting: Number(jobs.stats?.approximateBacklogCount ?? 0) };
}
