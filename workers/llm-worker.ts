import { Worker } from '@temporalio/worker';
import { llmActivities } from '#activities/index.ts';
import { LLM_QUEUE } from '#workflows/queues.ts';
import type { WorkerOptions } from './light-worker.ts';
import { WORKER_TIMING } from './timing.ts';

/** Worker for texts that an LLM writes: hours of waiting for an endpoint, beside the light worker, whose slots they would fill. */
export function llmWorker({ connection, namespace, context }: Omit<WorkerOptions, 'workflowBundle' | 'deployment'>): Promise<Worker> {
  return Worker.create({
    connection,
    namespace,
    taskQueue: LLM_QUEUE,
    activities: llmActivities(context),
    // Each asks as many requests at once as its endpoint takes.
    maxConcurrentActivityTaskExecutions: 8,
    ...WORKER_TIMING,
  });
}
