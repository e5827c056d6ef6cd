import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/common';
import { parse } from '#workflows/contracts/parse.ts';
import { EndRequest, type EndResult } from '#workflows/contracts/requests.ts';
import type { ActivityContext } from '../stage/context.ts';

/** HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT of the Temporal API. */
const CLOSE_EVENT = 2;

/** Statuses of the server of which a workflow's own code is not told. */
const UNTOLD = { TERMINATED: 'terminated', TIMED_OUT: 'timed out' } as const;

/** How a run of a sweep has ended; one that was reset has if the run has that it was reset to. Whatever fails is tried again, as long as it takes. */
export async function lookForEnd(_context: ActivityContext | undefined, given: EndRequest): Promise<EndResult> {
  const { workflowId, runId } = parse(EndRequest, given, 'the look for an end');
  const { client, info } = Context.current();
  try {
    const describe = (run?: string) => client.workflow.getHandle(workflowId, run).describe();
    let described = await describe(runId);
    for (let next = described.raw.workflowExtendedInfo?.resetRunId; next; next = described.raw.workflowExtendedInfo?.resetRunId) described = await describe(next);
    const status = described.status.name;
    if (status === 'RUNNING') return { how: 'open', reason: null };
    // A run that has taken its place tells its own end.
    if (!(status in UNTOLD) || (await describe()).runId !== described.runId) return { how: 'closed', reason: null };
    const { history } = await client.workflowService.getWorkflowExecutionHistory({ namespace: info.activityNamespace, execution: { workflowId, runId: described.runId }, historyEventFilterType: CLOSE_EVENT });
    return { how: UNTOLD[status as keyof typeof UNTOLD], reason: history?.events?.at(-1)?.workflowExecutionTerminatedEventAttributes?.reason || null };
  } catch (error) {
    // A person has deleted it, and knows.
    if (error instanceof WorkflowNotFoundError) return { how: 'closed', reason: null };
    throw error;
  }
}
