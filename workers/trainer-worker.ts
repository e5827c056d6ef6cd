import { Worker } from '@temporalio/worker';
import { trainerActivities } from '#activities/index.ts';
import type { JobPool } from '#infra/launcher/job-pool.ts';
import { TRAINER_QUEUE } from '#workflows/queues.ts';
import type { WorkerOptions } from './light-worker.ts';
import { MAX_HEARTBEAT_THROTTLE, SHUTDOWN_FORCE, SHUTDOWN_GRACE } from './timing.ts';

/** Worker for trainer jobs: as many at once as it has trainer processes. */
export function trainerWorker({ connection, namespace, context }: Omit<WorkerOptions, 'workflowBundle' | 'deployment'>, trainer: JobPool): Promise<Worker> {
  return Worker.create({
    connection,
    namespace,
    taskQueue: TRAINER_QUEUE,
    activities: trainerActivities({ ...context, trainer }),
    maxConcurrentActivityTaskExecutions: trainer.size,
    maxHeartbeatThrottleInterval: MAX_HEARTBEAT_THROTTLE,
    shutdownGraceTime: SHUTDOWN_GRACE,
    shutdownForceTime: SHUTDOWN_FORCE,
  });
}
