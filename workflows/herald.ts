/**
 * Who tells the webhook of a sweep that it was terminated, or ran out of time: no code of its own runs then. Temporal cancels children as
 * their parent closes, however that is; so a child does nothing but wait for that.
 */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ApplicationFailure, CancellationScope, condition, continueAsNew, getExternalWorkflowHandle, isCancellation, log, ParentClosePolicy, proxyActivities, setHandler, setWorkflowOptions, sleep, startChild, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { Webhook } from './contracts/run.ts';
import { heraldWorkflowId } from './ids.ts';
import { FROM_WITHIN, relieved } from './messages.ts';
import { HERALD_LOOKS_EVERY_MS, OLD_CHILD_CLOSES, POLICIES } from './policies.ts';
import { post } from './webhook.ts';

const { lookForEnd } = proxyActivities<Activities>(POLICIES.lookup);

/**
 * Waits until its sweep has closed, and tells the webhook where that could not. A parent that continues as new or is reset closes, too,
 * so it looks which of these it was. After a reset the server may leave it with the old run, and cancels it no more: so it looks now and then.
 */
export function herald(webhook: Webhook): Promise<void> {
  return heraldLooking(HERALD_LOOKS_EVERY_MS, webhook);
}

/** The same with looks as often as one likes, for tests. */
export async function heraldLooking(everyMs: number, webhook: Webhook): Promise<void> {
  const { parent } = workflowInfo();
  if (parent === undefined) throw ApplicationFailure.nonRetryable('a herald is started by its sweep', 'InvalidInput');
  let isRelieved = false;
  setHandler(relieved, () => void (isRelieved = true), { description: FROM_WITHIN });
  // Also from a webhook that does not answer.
  await Promise.race([CancellationScope.nonCancellable(() => condition(() => isRelieved)), watch(parent, everyMs, webhook)]);
}

async function watch({ workflowId, runId }: { workflowId: string; runId: string }, everyMs: number, webhook: Webhook): Promise<void> {
  for (;;) {
    const hasClosed = await sleep(everyMs).then(() => false, isCancellation);
    const { how, reason } = await CancellationScope.nonCancellable(() => lookForEnd.executeWithOptions({ summary: `how ${workflowId} has ended` }, [{ workflowId, runId }]));
    if (how === 'terminated' || how === 'timed out') {
      const text = `Sweep ${workflowId} ended: ${how}${reason ? ` (${reason})` : ''}`;
      return CancellationScope.nonCancellable(() => post(webhook, { event: 'ended', sweep: workflowId, status: how, text, blocked: [], report: null }));
    }
    if (hasClosed || how === 'closed') return;
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof herald>(webhook);
  }
}

// It outlives its sweep, and so, maybe, the workers of its sweep's version. The server takes no behaviour from a worker of none.
setWorkflowOptions(() => (workflowInfo().currentDeploymentVersion?.deploymentName ? { versioningBehavior: 'AUTO_UPGRADE' } : {}), herald);

/** Has a herald wait beside the current workflow, a sweep, in place of that of an earlier run, which may not have closed yet. A sweep does without where that fails. */
export async function appointHerald(sweep: string, webhook: Webhook): Promise<void> {
  const workflowId = heraldWorkflowId(sweep);
  const start = () =>
    startChild(herald, {
      workflowId,
      args: [webhook],
      // It hears of no cancellation but that.
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      staticSummary: `tells the webhook if ${sweep} is terminated`,
      staticDetails: `Waits beside the sweep \`${sweep}\`, whose workflow cannot tell its webhook that it was terminated or timed out. Ends with it.`,
    });
  await CancellationScope.nonCancellable(async () => {
    for (let tries = 1; ; tries += 1) {
      try {
        await start();
        return;
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError) || tries === OLD_CHILD_CLOSES.tries) {
          log.warn(`nobody will tell the webhook if ${sweep} is terminated: ${error instanceof Error ? error.message : error}`);
          return;
        }
        await relieveHerald(sweep);
        await sleep(OLD_CHILD_CLOSES.everyMs);
      }
    }
  });
}

/** The sweep has told its end itself, or has another herald. */
export async function relieveHerald(sweep: string): Promise<void> {
  await getExternalWorkflowHandle(heraldWorkflowId(sweep)).signal(relieved).catch(() => {});
}
