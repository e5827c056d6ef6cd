/** Steering a running sweep: what is parked, paused, tried again, skipped and finished, and who is refused what. */
import type { WorkflowHandle } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import type { Recipe } from '#workflows/contracts/artifacts.ts';
import { SweepFailures, SweepPlan, SweepProgress, SweepResult } from '#workflows/contracts/progress.ts';
import type { SteeringAnswer } from '#workflows/contracts/steering.ts';
import { artifactKey } from '#workflows/plan/keys.ts';
import { TRAINER_QUEUE } from '#workflows/queues.ts';
import { conditionsOf } from '../support/conditions-of.ts';
import type { StageBehaviour } from '../support/instant-activities.ts';
import { smallSpec } from '../support/spec.ts';
import { sweepsForTests } from '../support/sweeps.ts';

const { client, workers, start, replay } = sweepsForTests('steered');

/** TASK_QUEUE_TYPE_ACTIVITY of the Temporal API. */
const ACTIVITY_QUEUE = 2;

const REAL = 'mdqa/tiny/real';
const SYMBOLIC = 'mdqa/tiny/symbolic';
const spec = smallSpec({ baselines: [] });

/** Stages that fail or hang until they are `healed`. */
function ailing(how: 'fail' | 'hang', is: (recipe: Recipe) => boolean) {
  const state = { healed: false };
  const behaviour: StageBehaviour = (recipe) => (!state.healed && is(recipe) ? how : 'succeed');
  return { behaviour, heal: () => (state.healed = true) };
}

const progressOf = async (handle: WorkflowHandle) => SweepProgress.parse(await handle.query('progress'));
const statusOf = async (handle: WorkflowHandle, id: string) => (await progressOf(handle)).cells.find((cell) => cell.id === id)?.status;
const update = (handle: WorkflowHandle, name: string, ...args: unknown[]) => handle.executeUpdate(name, { args: args as [] }) as Promise<SteeringAnswer>;
const refusal = (handle: WorkflowHandle, name: string, ...args: unknown[]) =>
  update(handle, name, ...args).then(
    () => 'accepted',
    (error: Error & { cause?: Error }) => error.cause?.message ?? error.message,
  );
/** What the UI shows of a workflow, live. */
const detailsOf = async (workflowId: string) => ((await client().workflow.getHandle(workflowId).query('__temporal_workflow_metadata')) as { currentDetails: string }).currentDetails;
const until = (check: () => Promise<unknown>) => expect.poll(check, { timeout: 90_000, interval: 200 });

/** How an activity was scheduled in a workflow, each time. */
async function scheduled(workflowId: string, activity: string) {
  const { events } = await client().workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: event }) => (event?.activityType?.name === activity ? [event] : []));
}

describe('a sweep with a cell that fails', () => {
  it('finishes the others, waits, says what blocks, and goes on when that is tried again', async () => {
    const condition = conditionsOf();
    const { behaviour, heal } = ailing('fail', (recipe) => condition(recipe) === 'symbolic' && recipe.stage === 'train');
    const { ran, notices } = await workers(behaviour);
    const handle = await start({ ...spec, run: { timeoutHours: { train: 60 }, webhook: { url: 'https://example.org/hook' } } });
    await until(async () => (await progressOf(handle)).status).toBe('blocked');
    const progress = await progressOf(handle);
    expect(progress).toMatchObject({ counts: { done: 1, blocked: 1 }, waitingFor: expect.stringContaining('retry, skip or finish: 1 cell is blocked'), artifactsAt: 's3://test/artifacts' });
    expect(SweepFailures.parse(await handle.query('failures'))).toEqual([
      { cell: SYMBOLIC, status: 'blocked', stage: 'train', type: 'SourceError', message: 'mdqa × tiny × symbolic, stage train: the data is malformed', remedy: expect.any(String) },
    ]);
    const states = SweepPlan.parse(await handle.query('plan')).units.find(({ id }) => id === SYMBOLIC)!.stages.map(({ role, state }) => `${role} ${state}`);
    expect(states).toEqual(expect.arrayContaining(['source done', 'dataset done', 'train blocked', 'evaluate waiting']));
    expect(await client().workflow.getHandle(`${handle.workflowId}/${SYMBOLIC}`).query('progress')).toMatchObject({ status: 'blocked', blocked: [{ stage: 'train' }], done: { dataset: {} } });

    expect(await refusal(handle, 'retry', { cells: ['mdqa/tiny/reel'] })).toBe('cells[0]: found "mdqa/tiny/reel", which is not in the sweep; allowed for retry, a cell that is blocked: mdqa/tiny/symbolic');
    expect(await refusal(handle, 'retry', { cells: [REAL] })).toContain(`found "${REAL}", which is done`);
    expect(await refusal(handle, 'retry', { cell: SYMBOLIC })).toContain('cell: found an unknown key, allowed: cells, change');
    expect(await refusal(handle, 'retry', { change: { train: { batchSize: 2 } } })).toMatch(/^change\.train\.batchSize: found what would make other artifacts .* allowed: train\.checkpointMinutes, write\.concurrency, .*run\.timeoutHours\. Start a sweep with a changed spec/);
    expect(await refusal(handle, 'retry', { change: { run: { timeoutHours: -1 } } })).toContain('change.run.timeoutHours: found -1, allowed: more than 0');
    expect(await refusal(handle, 'retry', { change: { run: { timeoutHours: { trian: 9 } } } })).toContain('change.run.timeoutHours.trian: found an unknown key, allowed: source, base, ');
    expect(await refusal(handle, 'retry', { change: { write: { concurrency: 2 } } })).toContain('asks no LLM');
    expect(await refusal(handle, 'retry', 'all')).toContain('(top level): found "all", allowed: an object with cells, change');
    expect(await refusal(handle, 'setConcurrency', { cells: 'many' })).toContain('cells: found "many", allowed: a whole number, or null for all');

    // Signals cannot be refused, so the UI says what was wrong with them.
    const ids = [handle.workflowId, `${handle.workflowId}/${SYMBOLIC}`];
    for (const id of ids) await client().workflow.getHandle(id).signal('retry', { train: { epochs: 2 } });
    for (const id of ids) await until(() => detailsOf(id)).toContain('Nothing was tried again, since the input of the signal retry is not valid:   - train.epochs: found an unknown key, allowed: checkpointMinutes');
    expect((await progressOf(handle)).status).toBe('blocked');

    // Still broken: it blocks again.
    await update(handle, 'retry');
    for (const id of ids) await until(() => detailsOf(id)).not.toContain('Nothing was tried again');
    await until(async () => (await progressOf(handle)).status).toBe('blocked');
    heal();
    expect(await update(handle, 'retry', { cells: [SYMBOLIC], change: { train: { checkpointMinutes: 3 }, run: { timeoutHours: { train: 5, report: 1 } } } })).toEqual({ done: 'trying again', cells: [SYMBOLIC] });
    expect(SweepResult.parse(await handle.result())).toMatchObject({ status: 'complete', failures: [] });
    expect(ran.filter(({ stage }) => stage === 'train')).toHaveLength(2);
    const hoursOf = async (id: string, activity: string) => (await scheduled(id, activity)).map(({ startToCloseTimeout }) => Number(startToCloseTimeout?.seconds) / 3600);
    expect(await hoursOf(`${handle.workflowId}/${SYMBOLIC}`, 'trainAdapter')).toEqual([60, 60, 5]);
    // What is not named takes as long as its kind of work may.
    expect(await hoursOf(`${handle.workflowId}/${SYMBOLIC}`, 'evaluateModel')).toEqual([48]);
    expect(await hoursOf(handle.workflowId, 'writeReport')).toEqual([1]);
    expect(notices.map(({ event, status }) => `${event} ${status}`)).toEqual(['blocked blocked', 'blocked blocked', 'ended complete']);
    expect(notices[0]!.text).toMatch(/mdqa × tiny × symbolic, stage train: the data is malformed\. What to do: /);
    await replay(handle, [`${handle.workflowId}/${SYMBOLIC}`]);
  }, 240_000);

  it('keeps what a cell was told by its own signal, until the sweep says something else of it', async () => {
    const { behaviour, heal } = ailing('fail', ({ stage }) => stage === 'train');
    const { ran } = await workers(behaviour);
    const handle = await start({ ...spec, conditions: ['symbolic'], run: { timeoutHours: { train: 60 } } });
    const own = `${handle.workflowId}/${SYMBOLIC}`;
    const trainings = async () => (await scheduled(own, 'trainAdapter')).map(({ startToCloseTimeout, priority }) => `${Number(startToCloseTimeout?.seconds) / 3600} h${priority?.priorityKey ? `, priority ${priority.priorityKey}` : ''}`);
    const blockedAfter = async (times: number) => {
      await until(async () => (await trainings()).length).toBe(times);
      await until(() => statusOf(handle, SYMBOLIC)).toBe('blocked');
    };
    await blockedAfter(1);
    await client().workflow.getHandle(own).signal('retry', { run: { timeoutHours: { train: 7 } } });
    await blockedAfter(2);
    // Orders that come for another reason say again what the sweep had said before.
    await update(handle, 'setPriority', { priority: 2 });
    await update(handle, 'retry');
    await blockedAfter(3);
    heal();
    await update(handle, 'retry', { change: { run: { timeoutHours: { train: 9 } } } });
    expect(await handle.result()).toMatchObject({ status: 'complete' });
    expect(await trainings()).toEqual(['60 h', '7 h', '7 h, priority 2', '9 h, priority 2']);
    expect(ran.filter(({ stage }) => stage === 'train')).toHaveLength(1);
  }, 240_000);

  it('changes by its own signal how long that may take which is tried again, and nothing else', async () => {
    const state = { base: false, evaluate: false };
    const isBase = ({ stage, inputs }: Recipe) => stage === 'base' || (stage === 'evaluate' && inputs.adapter === undefined);
    await workers((recipe) => (isBase(recipe) && !state[recipe.stage as keyof typeof state] ? 'fail' : 'succeed'));
    const handle = await start({ ...spec, baselines: ['untuned'], conditions: ['real'] });
    const hoursOf = async (activity: string) => (await scheduled(handle.workflowId, activity)).map(({ startToCloseTimeout }) => Number(startToCloseTimeout?.seconds) / 3600);
    const isBlocked = () => until(async () => (await progressOf(handle)).status).toBe('blocked');
    await isBlocked();
    state.base = true;
    await handle.signal('retry', { run: { timeoutHours: 7 } });
    await until(() => hoursOf('evaluateModel')).toEqual([7]);
    await isBlocked();
    state.evaluate = true;
    await handle.signal('retry', { run: { timeoutHours: 5 } });
    expect(await handle.result()).toMatchObject({ status: 'complete' });
    expect(await hoursOf('evaluateModel')).toEqual([7, 5]);
    expect(await hoursOf('importBase')).toEqual([6, 7]);
    expect([...(await hoursOf('synthesizeDataset')), ...(await hoursOf('writeReport'))]).toEqual([6, 6]);
    await replay(handle);
  }, 240_000);

  it('waits with a stage that takes longer than it may, and goes on when it may take longer', async () => {
    const { behaviour, heal } = ailing('hang', ({ stage }) => stage === 'train');
    await workers(behaviour);
    const handle = await start({ ...spec, conditions: ['real'], run: { timeoutHours: { train: 0.0005 } } });
    await until(async () => (await progressOf(handle)).status).toBe('blocked');
    expect((await progressOf(handle)).cells[0]!.failures).toMatchObject([
      { type: 'TimedOut', message: 'mdqa × tiny × real, stage train: it took longer than one attempt may (run.timeoutHours)', remedy: expect.stringContaining('retry with a longer run.timeoutHours') },
    ]);
    heal();
    await update(handle, 'retry', { change: { run: { timeoutHours: 1 } } });
    expect(await handle.result()).toMatchObject({ status: 'complete' });
  }, 240_000);

  it('is finished as partial on request, and reports what is missing', async () => {
    const condition = conditionsOf();
    const { behaviour } = ailing('fail', (recipe) => condition(recipe) === 'symbolic' && (recipe.stage === 'evaluate' || recipe.stage === 'score'));
    const { ran } = await workers(behaviour);
    const handle = await start(spec);
    await until(async () => (await progressOf(handle)).status).toBe('blocked');
    expect((await progressOf(handle)).cells.find(({ id }) => id === SYMBOLIC)?.failures.map(({ stage }) => stage).sort()).toEqual(['evaluate', 'score']);
    expect(await update(handle, 'finish')).toEqual({ done: 'the report follows when what runs has ended', cells: [SYMBOLIC] });
    const result = SweepResult.parse(await handle.result());
    expect(result.status).toBe('partial');
    expect(result.failures.map(({ cell, stage }) => `${cell} ${stage}`).sort()).toEqual([`${SYMBOLIC} evaluate`, `${SYMBOLIC} score`]);
    expect(result.cells.map(({ status }) => status)).toEqual(['done', 'failed']);
    const report = ran.findLast(({ stage }) => stage === 'report')!;
    expect((report.params.missing as Record<string, string>)[SYMBOLIC]).toMatch(/stage evaluate: the data is malformed; .*stage score: the data is malformed/);
    expect(Object.keys(report.inputs)).toContain(`${SYMBOLIC}: train`);
    // How it was run is no part of what came out.
    expect(report.params.spec).not.toHaveProperty('run');
    await replay(handle, [`${handle.workflowId}/${SYMBOLIC}`]);
  }, 240_000);

  it('does without what was skipped, and makes what does not rest on it', async () => {
    const condition = conditionsOf();
    const { behaviour } = ailing('fail', (recipe) => condition(recipe) === 'real' && recipe.stage === 'train');
    await workers(behaviour);
    const handle = await start({ ...spec, patch: {} });
    await until(async () => (await progressOf(handle)).status).toBe('blocked');
    expect(await update(handle, 'skip')).toEqual({ done: 'skipped', cells: [REAL] });
    const result = SweepResult.parse(await handle.result());
    expect(result.cells.map(({ id, status, stagesDone, stagesTotal }) => [id, status, stagesDone, stagesTotal])).toEqual([[REAL, 'skipped', 1, 5], [SYMBOLIC, 'done', 5, 5]]);
    expect((await client().workflow.getHandle(`${handle.workflowId}/${REAL}`).describe()).status.name).toBe('FAILED');
  }, 240_000);

  it('tries what cells share once for all that wait for it', async () => {
    const { behaviour, heal } = ailing('fail', ({ stage }) => stage === 'base');
    const { ran } = await workers(behaviour);
    const handle = await start(spec);
    await until(async () => (await progressOf(handle)).status).toBe('blocked');
    const { counts, shared } = await progressOf(handle);
    expect(counts.blocked).toBe(2);
    expect(shared.find(({ name }) => name === 'tiny: base model')).toMatchObject({ status: 'blocked', failure: { message: 'tiny: base model, stage base: the data is malformed' } });
    heal();
    await update(handle, 'retry');
    expect(await handle.result()).toMatchObject({ status: 'complete' });
    expect(ran.filter(({ stage }) => stage === 'base')).toHaveLength(1);
    await replay(handle);
  }, 240_000);

  it('makes anew what was discarded meanwhile before a stage that rests on it is tried again', async () => {
    const { behaviour, heal } = ailing('fail', ({ stage }) => stage === 'evaluate');
    const { ran, made } = await workers(behaviour);
    const handle = await start({ ...spec, conditions: ['real'] });
    await until(async () => (await progressOf(handle)).status).toBe('blocked');
    const keyOf = (is: (recipe: Recipe) => boolean) => artifactKey(ran.find(is)!);
    made.delete(keyOf(({ stage }) => stage === 'train'));
    made.delete(keyOf(({ params }) => params.splits === 'test'));
    const before = ran.length;
    heal();
    await update(handle, 'retry');
    expect(await handle.result()).toMatchObject({ status: 'complete' });
    expect(ran.slice(before).map(({ stage }) => stage)).toEqual(['dataset', 'train', 'evaluate', 'report']);
    await replay(handle, [`${handle.workflowId}/${REAL}`]);
  }, 240_000);

  it('waits, too, when the workflow of a cell was ended, and starts it again', async () => {
    const { behaviour, heal } = ailing('hang', ({ stage }) => stage === 'train');
    await workers(behaviour);
    const handle = await start({ ...spec, conditions: ['real'] });
    await until(async () => (await progressOf(handle)).cells[0]?.stage).toBe('train');
    await client().workflow.getHandle(`${handle.workflowId}/${REAL}`).terminate();
    await until(() => statusOf(handle, REAL)).toBe('blocked');
    expect((await progressOf(handle)).cells[0]!.failures).toMatchObject([{ type: 'Terminated', message: 'mdqa × tiny × real: its workflow was terminated' }]);
    heal();
    await update(handle, 'retry');
    expect(await handle.result()).toMatchObject({ status: 'complete' });
  }, 240_000);
});

describe('a sweep that runs', () => {
  it('begins nothing while it is paused, and goes on when it is resumed', async () => {
    const { behaviour, heal } = ailing('hang', ({ stage }) => stage === 'train');
    const { ran } = await workers(behaviour);
    const handle = await start(spec);
    await until(async () => (await progressOf(handle)).cells.map(({ stage }) => stage)).toEqual(['train', 'train']);
    expect((await update(handle, 'pause')).cells).toEqual([REAL, SYMBOLIC]);
    // Said twice, it is the same.
    await update(handle, 'pause');
    expect(await progressOf(handle)).toMatchObject({ status: 'paused', waitingFor: expect.stringContaining('resume') });
    heal();
    expect((await progressOf(handle)).steering).toEqual({ paused: true, onFailure: 'park', priority: 3, priorities: {}, concurrency: null, atOnce: 500 });
    expect(await detailsOf(handle.workflowId)).toContain('\nSteering: nothing begins\n');
    await until(async () => (await progressOf(handle)).cells.map(({ stagesDone, running }) => [stagesDone, Object.keys(running)])).toEqual([[2, []], [2, []]]);
    expect(ran.map(({ stage }) => stage)).not.toContain('evaluate');
    await update(handle, 'resume');
    expect((await progressOf(handle)).steering.paused).toBe(false);
    expect(await detailsOf(handle.workflowId)).not.toContain('Steering: ');
    expect(await handle.result()).toMatchObject({ status: 'complete' });
    await replay(handle, [`${handle.workflowId}/${REAL}`]);
  }, 240_000);

  it('holds back what cells share, too, while it is paused', async () => {
    const { behaviour, heal } = ailing('hang', ({ stage }) => stage === 'source');
    const { ran } = await workers(behaviour);
    const handle = await start(spec);
    await until(async () => (await progressOf(handle)).shared.length).toBe(1);
    await update(handle, 'pause');
    heal();
    await until(async () => (await progressOf(handle)).shared.map(({ status }) => status)).toEqual(['done']);
    expect(ran.map(({ stage }) => stage)).toEqual(['source']);
    await update(handle, 'resume');
    expect(await handle.result()).toMatchObject({ status: 'complete' });
  }, 240_000);

  it('stops at once where it is told to finish now', async () => {
    const { behaviour } = ailing('hang', ({ stage }) => stage === 'train');
    await workers(behaviour);
    const handle = await start({ ...spec, baselines: ['untuned'] });
    await until(async () => (await progressOf(handle)).cells.map(({ stage }) => stage)).toEqual(['evaluate', 'train', 'train']);
    await update(handle, 'finish', { now: true });
    const result = SweepResult.parse(await handle.result());
    expect(result.cells.map(({ status }) => status)).toEqual(['done', 'failed', 'failed']);
    expect(result.failures.map(({ type, message }) => [type, message])).toEqual(['real', 'symbolic'].map((condition) => ['Finished', `mdqa × tiny × ${condition}: the sweep was finished at stage train`]));
    expect((await client().workflow.getHandle(`${handle.workflowId}/${REAL}`).describe()).status.name).toBe('CANCELLED');
  }, 240_000);

  it('begins nothing where it is told to finish before it has planned', async () => {
    const { ran } = await workers();
    const handle = await start({ ...spec, run: { priority: 2, concurrency: 900 } });
    await update(handle, 'finish');
    const failed = await handle.result().catch((error: Error) => error);
    expect(String((failed as Error).cause)).toMatch(/mdqa × tiny × real: the sweep was finished before it had begun \(stopped mdqa\/tiny\/real\)/);
    // What was said before the cells were known holds for them.
    expect((await progressOf(handle)).steering).toEqual({ paused: false, onFailure: 'finish', priority: 2, priorities: {}, concurrency: 900, atOnce: 500 });
    expect(await detailsOf(handle.workflowId)).toContain('\nSteering: what fails is given up; priority 2; at most 500 cells at once (asked: 900)\n');
    expect(ran).toEqual([]);
  }, 240_000);

  it('runs so many cells at once, the urgent ones first', async () => {
    const order: unknown[] = [];
    const condition = conditionsOf();
    const { ran } = await workers((recipe) => {
      const found = condition(recipe);
      if (recipe.stage === 'train' && !order.includes(found)) order.push(found);
      return recipe.stage === 'train' && found === 'real' ? 'hang' : 'succeed';
    });
    const handle = await start({ ...spec, conditions: ['real', 'low/low', 'symbolic'], run: { concurrency: 1 } });
    await until(() => statusOf(handle, REAL)).toBe('running');
    await until(async () => order.length).toBe(1);
    expect((await progressOf(handle)).counts).toMatchObject({ running: 1, waiting: 2 });
    expect(await refusal(handle, 'setPriority', { priority: 9 })).toContain('priority: found 9, allowed: at most 5');
    expect(await refusal(handle, 'setConcurrency', { cells: 0 })).toContain('cells: found 0, allowed: at least 1');
    await update(handle, 'setPriority', { priority: 1, cells: [SYMBOLIC] });
    expect((await progressOf(handle)).steering).toEqual({ paused: false, onFailure: 'park', priority: 3, priorities: { [SYMBOLIC]: 1 }, concurrency: 1, atOnce: 1 });
    expect(await detailsOf(handle.workflowId)).toContain('\nSteering: priority 1 of mdqa/tiny/symbolic; at most 1 cell at once\n');
    await update(handle, 'skip', { cells: [REAL] });
    await until(async () => order.length).toBe(3);
    expect(order).toEqual(['real', 'symbolic', 'low/low']);
    const result = SweepResult.parse(await handle.result());
    expect(result.cells.map(({ status }) => status)).toEqual(['skipped', 'done', 'done']);
    expect(result.failures).toMatchObject([{ cell: REAL, type: 'Skipped', message: 'mdqa × tiny × real: skipped at stage train' }]);
    expect(ran.filter(({ stage }) => stage === 'train')).toHaveLength(2);
    const { events } = await client().workflow.getHandle(`${handle.workflowId}/${SYMBOLIC}`).fetchHistory();
    const keys = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: event }) => (event ? [event.priority?.priorityKey] : []));
    expect(new Set(keys)).toEqual(new Set([1]));
    await replay(handle);
  }, 240_000);

  it('is served before a less urgent one', async () => {
    const { ran, trainers } = await workers(undefined, undefined, ['trainers']);
    const priorities = [5, 1, 3];
    const handles = await Promise.all(priorities.map((priority) => start({ ...spec, conditions: ['real'], seed: priority, run: { priority } })));
    for (const handle of handles) await until(async () => Object.keys((await progressOf(handle)).cells[0]!.running)).toEqual(['train']);
    // A training that its workflow calls running may still be on its way to the queue.
    const queue = { namespace: 'default', taskQueue: { name: TRAINER_QUEUE }, taskQueueType: ACTIVITY_QUEUE, reportStats: true };
    await until(async () => Number((await client().workflowService.describeTaskQueue(queue)).stats?.approximateBacklogCount)).toBe(3);
    await trainers(1);
    await Promise.all(handles.map((handle) => handle.result()));
    expect(ran.filter(({ stage }) => stage === 'train').map(({ seed }) => seed)).toEqual([1, 3, 5]);
  }, 240_000);

  it('is moved forward among those that wait for a device when it becomes more urgent, but for what is at work', async () => {
    const { ran, trainers } = await workers(undefined, undefined, ['trainers']);
    const [first, second, urgent] = await Promise.all([11, 12, 13].map((seed) => start({ ...spec, conditions: ['real'], baselines: ['untuned'], seed })));
    const handles = [first!, second!, urgent!];
    const waiting = async (handle: WorkflowHandle) => (await progressOf(handle)).cells.flatMap(({ running }) => Object.keys(running));
    for (const handle of handles) await until(() => waiting(handle)).toEqual(['evaluate', 'train']);
    const priorities = (workflowId: string, activity: string) => scheduled(workflowId, activity).then((events) => events.map(({ priority }) => priority?.priorityKey ?? 0));
    const cellOf = ({ workflowId }: WorkflowHandle) => `${workflowId}/${REAL}`;
    // A job that told of its progress has a device.
    const advance = { phase: 'train', done: 1, total: 9, unit: 'steps', percent: 11, endsAbout: null, metrics: {}, log: [] };
    const key = Object.entries(SweepPlan.parse(await second!.query('plan')).units.find(({ id }) => id === REAL)!.stages).find(([, { role }]) => role === 'train')![1].key;
    await client().workflow.getHandle(cellOf(second!)).signal('stageNews', { key, advance });
    for (const handle of [second!, urgent!]) await update(handle, 'setPriority', { priority: 1 });
    // Said again, it moves nothing.
    await update(urgent!, 'setPriority', { priority: 1 });
    await until(() => priorities(cellOf(urgent!), 'trainAdapter')).toEqual([0, 1]);
    expect(await priorities(urgent!.workflowId, 'evaluateModel')).toEqual([0, 1]);
    expect(await priorities(cellOf(second!), 'trainAdapter')).toEqual([0]);
    const pending = async ({ workflowId }: Pick<WorkflowHandle, 'workflowId'>) => (await client().workflow.getHandle(workflowId).describe()).raw.pendingActivities?.map(({ priority }) => priority?.priorityKey);
    for (const workflowId of [urgent!.workflowId, cellOf(urgent!)]) await until(() => pending({ workflowId })).toEqual([1]);
    await trainers(1);
    await Promise.all(handles.map((handle) => handle.result()));
    expect(ran.flatMap(({ stage, seed }) => (stage === 'train' ? [seed] : []))[0]).toBe(13);
    for (const handle of handles) await replay(handle, [cellOf(handle)]);
  }, 240_000);

  it('begins a job again that failed in the moment in which it was to be put back, instead of waiting for a person', async () => {
    let trips = true;
    const { ran } = await workers(({ stage }) => (trips && stage === 'train' ? 'trip' : 'succeed'));
    const handle = await start({ ...spec, conditions: ['real'] });
    const cell = `${handle.workflowId}/${REAL}`;
    const attempts = async () => (await client().workflow.getHandle(cell).describe().catch(() => null))?.raw.pendingActivities?.map(({ activityType, lastStartedTime }) => [activityType?.name, lastStartedTime != null]);
    await until(attempts).toEqual([['trainAdapter', true]]);
    await update(handle, 'setPriority', { priority: 1 });
    await until(async () => (await scheduled(cell, 'trainAdapter')).length).toBe(2);
    trips = false;
    expect(await handle.result()).toMatchObject({ status: 'complete' });
    expect(ran.filter(({ stage }) => stage === 'train')).toHaveLength(1);
    await replay(handle, [cell]);
  }, 240_000);

  it('lets more cells run at once when it is told to', async () => {
    const { behaviour, heal } = ailing('hang', ({ stage }) => stage === 'train');
    await workers(behaviour);
    const handle = await start({ ...spec, run: { concurrency: 1 } });
    await until(async () => (await progressOf(handle)).counts.running).toBe(1);
    await update(handle, 'setConcurrency', { cells: null });
    await until(async () => (await progressOf(handle)).counts.running).toBe(2);
    heal();
    await handle.cancel();
    await handle.result().catch(() => {});
  }, 240_000);
});
