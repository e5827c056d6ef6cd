import { Worker } from '@temporalio/worker';
import { trainerActivities } from '#activities/index.ts';
import { QueuePass } from '#activities/stage/queue-pass.ts';
import type { JobPool } from '#infra/launcher/job-pool.ts';
import { TRAINER_PRESENCE_QUEUE, TRAINER_QUEUE } from '#workflows/queues.ts';
import type { WorkerOptions } from './light-worker.ts';
import { QUEUE_PASS, WORKER_TIMING } from './timing.ts';

/** Shows that a worker for trainer jobs is there, also while all its trainers are busy; run it beside that one. */
export function trainerPresence({ connection, namespace }: Pick<WorkerOptions, 'connection' | 'namespace'>): Promise<Worker> {
  // Nothing ever asks for it.
  const activities = { present: () => {} };
  return Worker.create({ connection, namespace, taskQueue: TRAINER_PRESENCE_QUEUE, activities, maxConcurrentActivityTaskExecutions: 1, maxConcurrentActivityTaskPolls: 1, ...WORKER_TIMING });
}

/** Worker for trainer jobs: as many at once as it has trainer processes. Jobs that would throw a base out it leaves to others at first. */
export function trainerWorker({ connection, namespace, context }: Omit<WorkerOptions, 'workflowBundle' | 'deployment'>, trainer: JobPool, queuePass = new QueuePass(QUEUE_PASS)): Promise<Worker> {
  return Worker.create({
    connection,
    namespace,
    taskQueue: TRAINER_QUEUE,
    activities: trainerActivities({ ...context, trainer, queuePass }),
    maxConcurrentActivityTaskExecutions: trainer.size,
    ...WORKER_TIMING,
  });
}
