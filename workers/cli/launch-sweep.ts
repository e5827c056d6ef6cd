import { type Client, WorkflowIdConflictPolicy, WorkflowIdReusePolicy, type WorkflowHandle } from '@temporalio/client';
import type { SweepSpec } from '#workflows/contracts/spec.ts';
import { LIGHT_QUEUE } from '#workflows/queues.ts';
import { workflowCodeName } from '../bundle.ts';
import { CODE_MEMO, endOutdatedRun } from '../running-sweep.ts';

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
    staticDetails: gridMarkdown(spec),
  });
}

/** What the sweep is over; on its page in the UI. */
function gridMarkdown({ tasks, models, conditions, baselines, seed, seeds }: SweepSpec): string {
  const line = (name: string, values: readonly (string | number)[]) => (values.length === 0 ? [] : [`- ${name}: ${values.join(', ')}`]);
  return [
    ...line('tasks', tasks.map(({ task, contextTokens }) => `${task} (${contextTokens.toLocaleString('en-US')} tokens)`)),
    ...line('models', models.map(({ model }) => model)),
    ...line('training data', conditions),
    ...line('untuned', baselines),
    ...line('seeds', seeds ?? [seed]),
  ].join('\n');
}
