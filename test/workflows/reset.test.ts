/** Sweeps that a person resets while their cells run: those go on, and hear of the new run what they would have of the old one. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { SweepProgress } from '#workflows/contracts/progress.ts';
import { executable } from '../infra/servers/support.ts';
import { smallSpec } from '../support/spec.ts';
import { sweepsForTests } from '../support/sweeps.ts';

const { client, workers, start, replay, address } = sweepsForTests('reset');
const until = (check: () => Promise<unknown>) => expect.poll(check, { timeout: 60_000, interval: 200 });

/** A sweep whose one cell trains, and was reset since to its last task; by the ids of both. */
async function resetWhileTraining() {
  await workers(({ stage }) => (stage === 'train' ? 'hang' : 'succeed'));
  const { workflowId } = await start(smallSpec({ baselines: [], conditions: ['real'] }));
  const sweep = client().workflow.getHandle(workflowId);
  await until(async () => SweepProgress.parse(await sweep.query('progress')).cells.map(({ running }) => Object.keys(running))).toEqual([['train']]);
  const { runId } = await sweep.describe();
  const { events } = await sweep.fetchHistory();
  const last = events!.filter(({ workflowTaskCompletedEventAttributes: event }) => event != null).at(-1)!;
  await client().workflowService.resetWorkflowExecution({ namespace: 'default', workflowExecution: { workflowId, runId }, reason: 'test', workflowTaskFinishEventId: last.eventId!, requestId: randomUUID() });
  await until(async () => (await sweep.describe()).runId).not.toBe(runId);
  return { sweep, cell: client().workflow.getHandle(`${workflowId}/mdqa/tiny/real`) };
}

it('tells a cell that the run before had started how it is to run', { timeout: 120_000 }, async () => {
  const { sweep, cell } = await resetWhileTraining();
  await sweep.executeUpdate('setPriority', { args: [{ priority: 1 }] });
  const heard = async () => (await cell.fetchHistory()).events!.flatMap(({ workflowExecutionSignaledEventAttributes: signal }) => (signal?.signalName === 'orders' ? [signal] : []));
  await until(async () => (await heard()).length).toBe(1);
  await replay(sweep, [cell.workflowId]);
  await client().workflow.getHandle(cell.workflowId).terminate();
});

it('stops such a cell as it is cancelled', { timeout: 120_000 }, async () => {
  const { sweep, cell } = await resetWhileTraining();
  await sweep.cancel();
  await until(async () => (await cell.describe()).status.name).toBe('CANCELLED');
  await until(async () => (await sweep.describe()).status.name).toBe('CANCELLED');
  await replay(sweep, [cell.workflowId]);
});

it('ends together with such a cell where both are terminated by query', { timeout: 120_000 }, async () => {
  const { sweep, cell } = await resetWhileTraining();
  await promisify(execFile)(executable('NEEDLEWORK_TEMPORAL_CLI'), ['workflow', 'terminate', '--query', `NeedleworkSweep = "${sweep.workflowId}"`, '--reason', 'test', '--yes', '--address', address()]);
  for (const handle of [sweep, cell]) await until(async () => (await handle.describe()).status.name).toBe('TERMINATED');
});
