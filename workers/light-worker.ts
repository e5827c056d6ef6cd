import { type NativeConnection, Worker, type WorkerDeploymentOptions } from '@temporalio/worker';
import { lightActivities } from '#activities/index.ts';
import type { ActivityContext } from '#activities/stage/context.ts';
import { LIGHT_QUEUE } from '#workflows/queues.ts';
import { withoutCallStacks } from './call-stacks.ts';
import { MAX_HEARTBEAT_THROTTLE, SHUTDOWN_FORCE, SHUTDOWN_GRACE } from './timing.ts';

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
    maxHeartbeatThrottleInterval: MAX_HEARTBEAT_THROTTLE,
    shutdownGraceTime: SHUTDOWN_GRACE,
    shutdownForceTime: SHUTDOWN_FORCE,
  };
  return withoutCallStacks(() => Worker.create(options));
}
