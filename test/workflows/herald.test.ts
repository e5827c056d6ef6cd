/** Sweeps that end without a word of their own: somebody else tells their webhook. */
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { SweepProgress } from '#workflows/contracts/progress.ts';
import { heraldWorkflowId } from '#workflows/ids.ts';
import { LIGHT_QUEUE } from '#workflows/queues.ts';
import { smallSpec } from '../support/spec.ts';
import { sweepsForTests } from '../support/sweeps.ts';

const { client, workers, start, replay } = sweepsForTests('heralded', new URL('../support/short-runs.ts', import.meta.url));

const webhook = { url: 'https://example.org/hook' };
const spec = smallSpec({ baselines: [], conditions: ['real'], run: { webhook } });
const until = (check: () => Promise<unknown>) => expect.poll(check, { timeout: 90_000, interval: 200 });
const heraldOf = ({ workflowId }: WorkflowHandle, runId?: string) => client().workflow.getHandle(heraldWorkflowId(workflowId), runId);
const latest = ({ workflowId }: WorkflowHandle) => client().workflow.getHandle(workflowId);

/** Workers whose trainings hang until they are told otherwise. */
async function hanging() {
  const state = { hanging: true };
  const { notices } = await workers(({ stage }) => (stage === 'train' && state.hanging ? 'hang' : 'succeed'));
  return { state, notices, told: () => notices.map(({ event, status, text }) => `${event} ${status}: ${text}`) };
}

/** Waits until a sweep trains, and its herald waits; the id of the latter's run. */
async function underWay(handle: WorkflowHandle): Promise<string> {
  await until(async () => SweepProgress.parse(await latest(handle).query('progress')).cells.map(({ running }) => Object.keys(running))).toEqual([['train']]);
  const parent = (await latest(handle).describe()).runId;
  await until(() => heraldOf(handle).describe().then(({ status, raw }) => [status.name, raw.workflowExecutionInfo?.parentExecution?.runId], () => null)).toEqual(['RUNNING', parent]);
  return (await heraldOf(handle).describe()).runId;
}

const ended = (handle: WorkflowHandle, runId?: string) => until(async () => (await heraldOf(handle, runId).describe()).status.name).toBe('COMPLETED');

async function reset(handle: WorkflowHandle, which: 'first' | 'last'): Promise<void> {
  const { runId } = await latest(handle).describe();
  const { events } = await latest(handle).fetchHistory();
  const completed = events!.filter(({ workflowTaskCompletedEventAttributes: event }) => event != null);
  await client().workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: handle.workflowId, runId },
    reason: 'to see what becomes of it',
    workflowTaskFinishEventId: completed.at(which === 'first' ? 0 : -1)!.eventId!,
    requestId: randomUUID(),
  });
  await until(async () => (await latest(handle).describe()).runId).not.toBe(runId);
}

describe('a sweep with a webhook', { timeout: 240_000 }, () => {
  it('has it told that it was terminated, with the reason, or that its time was up', async () => {
    const { told } = await hanging();
    const terminated = await start(spec);
    await underWay(terminated);
    expect(told()).toEqual([]);
    await terminated.terminate('the cluster is needed');
    await until(async () => told()).toEqual([`ended terminated: Sweep ${terminated.workflowId} ended: terminated (the cluster is needed)`]);
    await ended(terminated);
    const timedOut = await client().workflow.start('sweep', { workflowId: `heralded-${randomUUID()}`, taskQueue: LIGHT_QUEUE, args: [spec], workflowExecutionTimeout: '10s' });
    await until(async () => told().slice(1)).toEqual([`ended timed out: Sweep ${timedOut.workflowId} ended: timed out`]);
    await ended(timedOut);
    await replay(terminated, [heraldWorkflowId(terminated.workflowId)]);
  });

  it('tells its end alone where it can, and leaves nobody behind', async () => {
    const { state, told } = await hanging();
    const cancelled = await start(spec);
    await underWay(cancelled);
    await cancelled.cancel();
    await expect(cancelled.result()).rejects.toThrow();
    await ended(cancelled);
    state.hanging = false;
    const complete = await start(spec);
    await complete.result();
    await ended(complete);
    expect(told().map((text) => text.split(': Sweep')[0])).toEqual(['ended cancelled', 'ended complete']);
    const without = await start(smallSpec({ baselines: [], conditions: ['real'] }));
    await without.result();
    await expect(heraldOf(without).describe()).rejects.toThrow(/not found/i);
  });

  it.each(['first', 'last'] as const)('is said to have ended by nobody where it was reset, to its %s task', async (which) => {
    const { state, told } = await hanging();
    const handle = await start(spec);
    const before = await underWay(handle);
    await reset(handle, which);
    if (which === 'first') await underWay(handle);
    expect(told()).toEqual([]);
    state.hanging = false;
    await latest(handle).result();
    await ended(handle);
    await ended(handle, before);
    expect(told()).toMatchObject([expect.stringMatching(/^ended complete: /)]);
  });

  it('has it told later, should it be terminated after it was reset', async () => {
    const { told } = await hanging();
    const handle = await start({ ...spec, run: { webhook: { url: `${webhook.url}/every-500-ms` } } });
    const before = await underWay(handle);
    await reset(handle, 'last');
    const looks = async () => (await heraldOf(handle).fetchHistory()).events!.filter(({ activityTaskCompletedEventAttributes: event }) => event != null).length;
    const already = await looks();
    await until(looks).toBeGreaterThan(already + 1);
    expect([(await heraldOf(handle).describe()).runId, told()]).toEqual([before, []]);
    await latest(handle).terminate('enough');
    await until(async () => told()).toEqual([`ended terminated: Sweep ${handle.workflowId} ended: terminated (enough)`]);
    await ended(handle);
  });

  it('is said to have ended by nobody where it is started again in the place of the one that runs', async () => {
    const { told } = await hanging();
    const handle = await start(spec);
    const before = await underWay(handle);
    await client().workflow.start('sweep', { workflowId: handle.workflowId, taskQueue: LIGHT_QUEUE, args: [spec], workflowIdConflictPolicy: 'TERMINATE_EXISTING' });
    expect(await underWay(handle)).not.toBe(before);
    await ended(handle, before);
    expect(told()).toEqual([]);
  });

  it('has another one beside each of its runs', async () => {
    const { told } = await hanging();
    const handle = await start({ ...spec, name: 'after-2-updates' });
    const before = await underWay(handle);
    const { runId } = await handle.describe();
    for (const cells of [3, 4]) await handle.executeUpdate('setConcurrency', { args: [{ cells }] });
    await until(async () => (await latest(handle).describe()).runId).not.toBe(runId);
    const after = await underWay(handle);
    expect(after).not.toBe(before);
    await ended(handle, before);
    expect(told()).toEqual([]);
    await latest(handle).terminate('enough');
    await until(async () => told()).toEqual([`ended terminated: Sweep ${handle.workflowId} ended: terminated (enough)`]);
    await ended(handle);
  });
});
