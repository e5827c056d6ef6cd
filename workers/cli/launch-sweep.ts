import { type Client, WorkflowIdConflictPolicy, WorkflowIdReusePolicy, type WorkflowHandle } from '@temporalio/client';
import type { SweepSpec } from '#workflows/contracts/spec.ts';
import { LIGHT_QUEUE } from '#workflows/queues.ts';
import { workflowCodeName } from '../bundle.ts';
import { CODE_MEMO, endOutdatedRun } from './running-sweep.ts';

/** Starts a sweep, or goes on with its open run where that is the one asked for; `given` is its spec as written. */
export async function launchSweep(client: Client, { workflowId, given, spec }: { workflowId: string; given: unknown; spec: SweepSpec }): Promise<WorkflowHandle> {
  const code = await workflowCodeName();
  const ended = await endOutdatedRun(client, workflowId, given, code);
  if (ended) console.log(`an interrupted run of ${workflowId} was ended, since ${ended}; what it finished is used again`);
  return client.workflow.start('sweep', {
    workflowId,
    taskQueue: LIGHT_QUEUE,
    args: [given],
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    memo: { [CODE_MEMO]: code },
    staticSummary: spec.description || spec.name,
  });
}
