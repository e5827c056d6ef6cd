import { type NativeConnection, Worker, type WorkerDeploymentOptions } from '@temporalio/worker';
import { lightActivities } from '#activities/index.ts';
import type { ActivityContext } from '#activities/stage/context.ts';
import { LIGHT_QUEUE } from '#workflows/queues.ts';
import { withoutCallStacks } from './call-stacks.ts';
import { WORKER_TIMING } from './timing.ts';

export interface WorkerOptions {
  connection: NativeConnection;
  namespace: string;
  workflowBundle: { codePath: string };
  context: ActivityContext;
  /** Left out: a worker of no version, for a server that nobody else works for. */
  deployment?: WorkerDeploymentOptions;
}

/** Worker for workflows and for the activities that need neither a trainer nor an LLM. */
export function lightWorker({ connection, namespace, workflowBundle, context, deployment }: WorkerOptions): Promise<Worker> {
  const options = {
    connection,
    namespace,
    taskQueue: LIGHT_QUEUE,
    workflowBundle,
    activities: lightActivities(context),
    ...(deployment && { workerDeploymentOptions: deployment }),
    // Activities share one JavaScript thread: more at once would only delay each other's heartbeats.
    maxConcurrentActivityTaskExecutions: 8,
    ...WORKER_TIMING,
  };
  return withoutCallStacks(() => Worker.create(options));
}
