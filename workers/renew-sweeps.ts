/**
 * New workflow code on a server that is ours alone, where there are no workers of the old code to leave its sweeps to. Those whose
 * histories go on under the new code do so; the others are ended and started again, with what they finished and what people had said of
 * the whole of them.
 */
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { Worker, type WorkflowBundleOption } from '@temporalio/worker';
import type { Renewed } from '#workflows/contracts/renewed.ts';
import { LIGHT_QUEUE } from '#workflows/queues.ts';
import { isAnythingSaid, type Said, saidIn, saidText } from './said-before.ts';
import { CODE_MEMO, endRun, openChildrenOf, specOf } from './running-sweep.ts';

const REASON = 'its history does not go on under the present workflow code';

/** Bytes that come at once. A page of a large sweep's history, of look-ups and starts of cells, is more than the 4 MB that clients take as a rule. */
const MOST_OF_A_HISTORY = 64_000_000;

/**
 * Starts those open sweeps again whose histories, or those of their cells, the code does not go on with. Call it before any worker
 * runs that code. `say` is told of each. Returns their workflow ids.
 */
export async function renewSweeps({ address, namespace, workflowBundle, code, say }: { address: string; namespace: string; workflowBundle: WorkflowBundleOption; code: string; say: (text: string) => void }): Promise<string[]> {
  const connection = await Connection.connect({ address, channelArgs: { 'grpc.max_receive_message_length': MOST_OF_A_HISTORY } });
  try {
    const client = new Client({ connection, namespace });
    const renewed: string[] = [];
    for await (const { workflowId } of client.workflow.list({ query: "WorkflowType = 'sweep' AND ExecutionStatus = 'Running'" })) {
      const handle = client.workflow.getHandle(workflowId);
      if (await goesOn(client, handle, workflowBundle)) continue;
      say(`sweep ${workflowId} was started again, since ${REASON}; what it finished is used again${newsOf(await startAgain(client, handle, code))}`);
      renewed.push(workflowId);
    }
    return renewed;
  } finally {
    await connection.close();
  }
}

/** Whether the code goes on with a sweep and all its open cells, and with its herald. */
async function goesOn(client: Client, sweep: WorkflowHandle, workflowBundle: WorkflowBundleOption): Promise<boolean> {
  const children = openChildrenOf(await sweep.describe());
  const histories = async function* () {
    for (const workflowId of [sweep.workflowId, ...children]) yield { workflowId, history: await client.workflow.getHandle(workflowId).fetchHistory() };
  };
  for await (const { error } of Worker.runReplayHistories({ workflowBundle }, histories())) if (error) return false;
  return true;
}

/** Returns what people had said to the run that was ended. */
async function startAgain(client: Client, handle: WorkflowHandle, code: string): Promise<Said> {
  const description = await handle.describe();
  const given = await specOf(client, handle.workflowId);
  const [staticSummary, staticDetails] = [await description.staticSummary(), await description.staticDetails()];
  const before = saidIn(await handle.fetchHistory());
  const { priority } = description.raw.workflowExecutionInfo ?? {};
  await endRun(client, handle, description, REASON);
  await client.workflow.start('sweep', {
    workflowId: handle.workflowId,
    taskQueue: LIGHT_QUEUE,
    args: isAnythingSaid(before.said) ? [given, { saidBefore: before.said } satisfies Renewed] : [given],
    memo: { ...description.memo, [CODE_MEMO]: code },
    ...(staticSummary !== undefined && { staticSummary }),
    ...(staticDetails !== undefined && { staticDetails }),
    ...(priority?.priorityKey && { priority: { priorityKey: priority.priorityKey } }),
  });
  return before;
}

function newsOf({ said, lost }: Said): string {
  return `${isAnythingSaid(said) ? `, and what it was told holds (${saidText(said)})` : ''}${lost.length === 0 ? '' : `. It does not know any more: ${lost.join('; ')}. Tell it again what still holds, by temporal workflow update execute`}`;
}
