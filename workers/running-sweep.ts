/** What to do about a sweep of the same name that is still open: it may have been interrupted, with another spec or other code. */
import { isDeepStrictEqual } from 'node:util';
import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter, WorkflowNotFoundError } from '@temporalio/common';
import { heraldWorkflowId } from '#workflows/ids.ts';

/** Memo of a sweep: the name of the workflow code that started it. */
export const CODE_MEMO = 'code';

const POLL_MS = 200;
const CHILDREN_CLOSE_WITHIN_MS = 30_000;

/**
 * Ends the open run of `workflowId` if it cannot be the one that is asked for: it was started with another spec, or by other
 * workflow code, under which its history cannot go on. Artifacts make this cheap: what it finished is used again.
 * Returns why it was ended; null where there is no open run or it is the right one.
 */
export async function endOutdatedRun(client: Client, workflowId: string, given: unknown, code: string): Promise<string | null> {
  const handle = client.workflow.getHandle(workflowId);
  const description = await describe(handle);
  if (description === null || description.status.name !== 'RUNNING') return null;
  const reason = await reasonToEnd(client, description, given, code);
  if (reason === null) return null;
  await endRun(client, handle, description, reason);
  return reason;
}

/** Ends the open run of a sweep, with its cells, so that it can be started again under the same name. Its webhook is told nothing of that. */
export async function endRun(client: Client, handle: WorkflowHandle, description: WorkflowExecutionDescription, reason: string): Promise<void> {
  const children = openChildrenOf(description);
  await client.workflow.getHandle(heraldWorkflowId(handle.workflowId)).terminate(reason).catch((error: unknown) => {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  });
  await handle.terminate(`started again: ${reason}`);
  await closed(client, children);
}

async function reasonToEnd(client: Client, { memo, workflowId }: WorkflowExecutionDescription, given: unknown, code: string): Promise<string | null> {
  const startedBy = memo?.[CODE_MEMO];
  if (startedBy !== undefined && startedBy !== code) return 'the workflow code has changed';
  const running = await specOf(client, workflowId);
  // As JSON, as it was sent.
  return isDeepStrictEqual(running, JSON.parse(JSON.stringify(given))) ? null : 'the spec has changed';
}

/** Workflow ids of the cells of a run, and of its herald, that have not closed. */
export const openChildrenOf = ({ raw }: WorkflowExecutionDescription): string[] => (raw.pendingChildren ?? []).flatMap(({ workflowId }) => (workflowId ? [workflowId] : []));

/** What a sweep was started with, by its history: the first event alone, since a page of a large sweep's is more than a client takes. */
export async function specOf({ workflowService, options }: Client, workflowId: string): Promise<unknown> {
  const { history } = await workflowService.getWorkflowExecutionHistory({ namespace: options.namespace, execution: { workflowId }, maximumPageSize: 1 });
  const payload = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
  return payload && defaultPayloadConverter.fromPayload(payload);
}

/** Cells are ended with their sweep, soon after it; their names can be used again only then. */
async function closed(client: Client, workflowIds: readonly string[]): Promise<void> {
  const until = Date.now() + CHILDREN_CLOSE_WITHIN_MS;
  for (const workflowId of workflowIds) {
    while ((await describe(client.workflow.getHandle(workflowId)))?.status.name === 'RUNNING') {
      if (Date.now() > until) throw new Error(`${workflowId} of the sweep's last run is still open; end it with: temporal workflow terminate --workflow-id ${workflowId}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

async function describe(handle: WorkflowHandle): Promise<WorkflowExecutionDescription | null> {
  try {
    return await handle.describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}
