/** Sweeps whose histories grow long: they continue as new, and nobody can tell by what comes out. */
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { Worker } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { OneCellProgress, type StageNews, SweepProgress, SweepResult } from '#workflows/contracts/progress.ts';
import type { SweepSpecInput } from '#workflows/contracts/spec.ts';
import type { CellWord, SteeringAnswer } from '#workflows/contracts/steering.ts';
import { artifactKey } from '#workflows/plan/keys.ts';
import { LIGHT_QUEUE } from '#workflows/queues.ts';
import { conditionsOf } from '../support/conditions-of.ts';
import { smallSpec } from '../support/spec.ts';
import { sweepsForTests } from '../support/sweeps.ts';

const { client, workers, start, bundle } = sweepsForTests('continued', new URL('../support/short-runs.ts', import.meta.url));

const REAL = 'mdqa/tiny/real';
const SYMBOLIC = 'mdqa/tiny/symbolic';
const UNTUNED = 'mdqa/tiny/untuned';
const webhook = { url: 'https://example.org/hook' };

const progressOf = async (handle: WorkflowHandle) => SweepProgress.parse(await handle.query('progress'));
const cellOf = async (handle: WorkflowHandle, id: string) => (await progressOf(handle)).cells.find((cell) => cell.id === id)!;
const update = (handle: WorkflowHandle, name: string, ...args: unknown[]) => handle.executeUpdate(name, { args: args as [] }) as Promise<SteeringAnswer>;
const until = (check: () => Promise<unknown>) => expect.poll(check, { timeout: 90_000, interval: 200 });
const latest = ({ workflowId }: WorkflowHandle) => client().workflow.getHandle(workflowId);

/** Ids of the runs of a workflow, the first one first. */
async function runsOf({ workflowId }: WorkflowHandle): Promise<string[]> {
  const ids: string[] = [];
  for (let id: string | null | undefined = (await client().workflow.getHandle(workflowId).describe()).runId; id; ) {
    ids.unshift(id);
    const { events } = await client().workflow.getHandle(workflowId, id).fetchHistory();
    id = events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId;
  }
  return ids;
}

/** Waits for the run with this number, which has taken up how things stand. */
const untilRun = (handle: WorkflowHandle, run: number) =>
  until(async () => [(await runsOf(handle)).length, await progressOf(latest(handle)).then(({ status }) => status !== 'planning', () => false)]).toEqual([run, true]);

/** Replays every run of a sweep, and those cells: code that is not deterministic throws. */
async function replayAll(handle: WorkflowHandle, cells: string[] = []): Promise<void> {
  const runs = [...(await runsOf(handle)).map((runId) => [handle.workflowId, runId] as const), ...cells.map((id) => [`${handle.workflowId}/${id}`, undefined] as const)];
  for (const [id, runId] of runs) await Worker.runReplayHistory({ workflowBundle: bundle() }, await client().workflow.getHandle(id, runId).fetchHistory(), id);
}

/** What a result says, but for the name of the sweep, and for which of two stages at once came last. */
const told = ({ sweep, cells, ...result }: SweepResult) => ({ ...result, cells: cells.map(({ stage: _, workflowId, ...cell }) => ({ ...cell, workflowId: workflowId?.replace(sweep, '') })) });

async function undisturbed(spec: SweepSpecInput): Promise<{ result: SweepResult; cost: SweepProgress['cost']; events: number }> {
  const handle = await client().workflow.start('undisturbed', { workflowId: `undisturbed-${randomUUID()}`, taskQueue: LIGHT_QUEUE, args: [spec] });
  return { result: SweepResult.parse(await handle.result()), cost: (await progressOf(handle)).cost, events: (await handle.describe()).historyLength };
}

describe('a sweep whose history has grown long', { timeout: 240_000 }, () => {
  it('continues as new as often as need be, and comes to the same results and costs as one that does not', async () => {
    const spec = smallSpec({
      name: 'after-40-events',
      description: 'what it is for',
      baselines: ['untuned'],
      conditions: ['real', 'symbolic', 'low/low'],
      write: { provider: 'offline' },
      patch: {},
      seeds: [1, 2, 3],
      gpuHourDollars: 2,
      models: [{ ...smallSpec().models[0]!, device: 'cuda' }],
      run: { concurrency: 1 },
    });
    // Stages take a moment, so that some are under way whenever a run ends.
    const begun = new Set<string>();
    const { ran, made } = await workers((recipe) => (begun.size < begun.add(artifactKey(recipe)).size ? 'hang' : 'succeed'));
    const workflowId = `continued-${randomUUID()}`;
    const handle = await client().workflow.start('sweep', { workflowId, taskQueue: LIGHT_QUEUE, args: [spec], memo: { code: 'of this checkout' }, priority: { priorityKey: 2 } });
    const result = SweepResult.parse(await handle.result());
    const runs = await runsOf(handle);
    expect(runs.length).toBeGreaterThan(2);
    const lengths: number[] = [];
    for (const [at, runId] of runs.entries()) {
      const description = await client().workflow.getHandle(workflowId, runId).describe();
      const isLast = at === runs.length - 1;
      expect(description.status.name).toBe(isLast ? 'COMPLETED' : 'CONTINUED_AS_NEW');
      lengths.push(description.historyLength);
      expect([description.memo, description.priority?.priorityKey]).toEqual([{ code: 'of this checkout' }, 2]);
      expect(description.typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value])).toEqual(expect.arrayContaining([['NeedleworkSweep', workflowId], ['NeedleworkStatus', isLast ? 'done' : 'running']]));
    }
    expect(new Set(ran.map(artifactKey)).size, 'no finished stage runs again').toBe(ran.length);
    const { cost } = await progressOf(latest(handle));
    const { currentDetails } = await latest(handle).query<{ currentDetails: string }>('__temporal_workflow_metadata');
    expect(currentDetails).toMatch(new RegExp(`^what it is for: run ${runs.length} of the sweep, since the history of the one before had grown long`));
    await replayAll(handle, [`${REAL}/seed-1`]);

    made.clear();
    const other = await undisturbed(spec);
    console.log(`${runs.length} runs of ${lengths.join(', ')} events; in one run: ${other.events}`);
    expect(Math.min(...lengths.slice(0, -1))).toBeGreaterThanOrEqual(40);
    expect(Math.max(...lengths)).toBeLessThan(other.events);
    expect(told(result)).toEqual(told(other.result));
    expect(result.stagesReused).toBeGreaterThan(0);
    // Hours are sums of fractions, added in another order.
    expect(cost).toEqual(Object.fromEntries(Object.entries(other.cost).map(([name, value]) => [name, expect.closeTo(value!, 6)])));
    expect(cost.trainerHours).toBeGreaterThan(0.2);
  });

  it('counts the bytes of its history, however few its events are', async () => {
    const state = { hanging: true };
    const { ran } = await workers(({ stage }) => (stage === 'train' && state.hanging ? 'hang' : 'succeed'));
    const handle = await start(smallSpec({ name: 'after-400000-bytes', baselines: [], conditions: ['real'] }));
    await until(async () => Object.keys((await cellOf(handle, REAL)).running)).toEqual(['train']);
    const [first] = await runsOf(handle);
    const sizeOf = async () => Number((await client().workflow.getHandle(handle.workflowId, first).describe()).raw.workflowExecutionInfo?.historySizeBytes);
    expect(await sizeOf()).toBeLessThan(200_000);
    const news: StageNews = { key: 'f'.repeat(64), advance: { phase: 'train', done: 1, total: 2, unit: 'steps', percent: 50, endsAbout: null, metrics: {}, log: ['l'.repeat(200_000)] } };
    for (let sent = 0; sent < 2; sent += 1) await handle.signal('stageNews', news);
    await untilRun(handle, 2);
    expect(await sizeOf()).toBeGreaterThan(400_000);
    state.hanging = false;
    expect(await latest(handle).result()).toMatchObject({ status: 'complete', failures: [] });
    expect(new Set(ran.map(artifactKey)).size).toBe(ran.length);
    await replayAll(handle, [REAL]);
  });

  it('keeps what people have said; what is blocked waits on, in the sweep or in its workflow, and runs again only when it is told to', async () => {
    const condition = conditionsOf();
    const state = { healed: false, hanging: true };
    const tried: string[] = [];
    const { notices } = await workers((recipe) => {
      const of = condition(recipe);
      if (recipe.stage === 'train') tried.push(String(of));
      if (recipe.stage === 'train' && of === 'real' && state.hanging) return 'hang';
      return !state.healed && ((recipe.stage === 'train' && of !== 'real') || (recipe.stage === 'evaluate' && Object.keys(recipe.inputs).every((role) => role !== 'adapter'))) ? 'fail' : 'succeed';
    });
    const handle = await start(smallSpec({ name: 'after-2-updates', baselines: ['untuned'], conditions: ['real', 'symbolic', 'low/low'], write: { provider: 'offline' }, run: { webhook } }));
    const LOW = 'mdqa/tiny/low/low';
    const blocked = [UNTUNED, SYMBOLIC, LOW];
    await until(async () => (await progressOf(handle)).counts).toMatchObject({ blocked: 3, running: 1 });
    await until(async () => Object.keys((await cellOf(handle, REAL)).running)).toEqual(['train']);
    await until(async () => notices.flatMap((notice) => notice.blocked.map(({ cell }) => cell)).sort()).toEqual([...blocked].sort());
    const before = await progressOf(handle);

    await update(handle, 'setPriority', { priority: 4 });
    await update(handle, 'setPriority', { priority: 1, cells: [REAL] });
    await untilRun(handle, 2);
    const failuresOf = ({ cells }: SweepProgress) => cells.map(({ id, status, failures }) => [id, status, failures]);
    expect(failuresOf(await progressOf(handle))).toEqual(failuresOf(before));
    expect((await progressOf(handle)).stages).toEqual(before.stages);
    for (const id of [SYMBOLIC, LOW]) {
      const cell = client().workflow.getHandle(`${handle.workflowId}/${id}`);
      await until(async () => cell.query('progress').then(OneCellProgress.parse, () => null)).toMatchObject({ status: 'blocked', blocked: [{ stage: 'train', message: expect.stringContaining('the data is malformed') }] });
      await until(async () => (await cell.describe()).typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value])).toEqual(expect.arrayContaining([['NeedleworkStage', 'train'], ['NeedleworkStatus', 'blocked']]));
    }
    const prioritiesOf = async (id: string) => {
      const { events } = await client().workflow.getHandle(`${handle.workflowId}/${id}`).fetchHistory();
      return (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: event }) => (event?.activityType?.name === 'trainAdapter' ? [event.priority?.priorityKey] : []));
    };
    await until(() => prioritiesOf(REAL)).toEqual([1]);

    await update(handle, 'pause');
    await update(handle, 'setConcurrency', { cells: 7 });
    await untilRun(handle, 3);
    expect(await progressOf(handle)).toMatchObject({ status: 'paused', counts: { blocked: 3 }, steering: { paused: true, onFailure: 'park', priority: 4, priorities: { [REAL]: 1 }, concurrency: 7 } });
    expect((await latest(handle).describe()).typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value])).toContainEqual(['NeedleworkStatus', 'blocked']);

    state.hanging = false;
    state.healed = true;
    await update(handle, 'resume');
    await until(async () => (await cellOf(handle, REAL)).status).toBe('done');
    expect(tried.filter((of) => of !== 'real').sort(), 'what was blocked was tried once').toEqual(['low/low', 'symbolic']);
    // By update, with a change; by a signal in bulk, as it were; by skipping.
    await update(handle, 'retry', { cells: [SYMBOLIC], change: { run: { timeoutHours: { train: 5 } } } });
    await until(async () => (await cellOf(handle, SYMBOLIC)).status).toBe('done');
    await untilRun(handle, 4);
    await until(() => client().workflow.getHandle(`${handle.workflowId}/${LOW}`).signal('retry').then(() => 'heard', () => 'gone')).toBe('heard');
    await until(async () => (await cellOf(handle, LOW)).status).toBe('done');
    expect(await update(handle, 'skip')).toEqual({ done: 'skipped', cells: [UNTUNED] });
    const result = SweepResult.parse(await handle.result());
    expect(result).toMatchObject({ status: 'partial', failures: [{ cell: UNTUNED, stage: 'evaluate', type: 'SourceError' }] });
    expect(result.cells.map(({ id, status }) => [id, status])).toEqual([[UNTUNED, 'skipped'], [REAL, 'done'], [SYMBOLIC, 'done'], [LOW, 'done']]);
    expect(notices.map(({ event, blocked: of }) => [event, of.length]).filter(([event]) => event === 'blocked').reduce((sum, [, count]) => sum + Number(count), 0), 'no block is told twice').toBe(3);
    expect(notices.at(-1)).toMatchObject({ event: 'ended', status: 'partial' });
    await replayAll(handle, [LOW]);
  });

  it('does not run again what was given up, and says the same of it', async () => {
    const spec = smallSpec({ name: 'after-2-updates-given-up', baselines: [], patch: {}, conditions: ['real', 'symbolic'], run: { onFailure: 'finish' } });
    const condition = conditionsOf();
    const state = { hanging: true };
    const { ran, made } = await workers((recipe) => {
      const of = condition(recipe);
      if (recipe.stage === 'train' && of === 'real') return 'fail';
      return state.hanging && recipe.stage === 'mask' ? 'hang' : 'succeed';
    });
    const handle = await start(spec);
    await until(async () => (await cellOf(handle, REAL)).status).toBe('failed');
    await until(async () => Object.keys((await cellOf(handle, SYMBOLIC)).running)).toEqual(['mask']);
    for (const cells of [3, 4]) await update(handle, 'setConcurrency', { cells });
    await untilRun(handle, 2);
    expect((await cellOf(handle, REAL)).status).toBe('failed');
    for (const cells of [3, 4]) await update(handle, 'setConcurrency', { cells });
    await untilRun(handle, 3);
    state.hanging = false;
    const result = SweepResult.parse(await handle.result());
    expect(result.cells.map(({ id, status, stagesDone, stagesTotal }) => [id, status, stagesDone, stagesTotal])).toEqual([[REAL, 'failed', 1, 5], [SYMBOLIC, 'done', 5, 5]]);
    expect(new Set(ran.map(artifactKey)).size).toBe(ran.length);
    await replayAll(handle, [SYMBOLIC]);

    made.clear();
    expect(told(result)).toEqual(told((await undisturbed(spec)).result));
  });

  it('stays finished where a person has told it to end, and lets what runs go on', async () => {
    const state = { hanging: true };
    await workers(({ stage }) => (stage === 'train' && state.hanging ? 'hang' : 'succeed'));
    const handle = await start(smallSpec({ name: 'after-2-updates-ending', baselines: [], conditions: ['real', 'symbolic'], run: { concurrency: 1 } }));
    await until(async () => Object.keys((await cellOf(handle, REAL)).running)).toEqual(['train']);
    await update(handle, 'finish');
    await until(async () => (await cellOf(handle, SYMBOLIC)).status).toBe('failed');
    await update(handle, 'setConcurrency', { cells: 2 });
    await untilRun(handle, 2);
    state.hanging = false;
    const result = SweepResult.parse(await handle.result());
    expect(result.cells.map(({ id, status }) => [id, status])).toEqual([[REAL, 'done'], [SYMBOLIC, 'failed']]);
    expect(result.failures).toMatchObject([{ cell: SYMBOLIC, type: 'Finished' }]);
  });

  it('keeps the ceiling that was raised, and waits at it without trying anew what comes to no more than that', async () => {
    const ceilings: (number | undefined)[] = [];
    const { lookups } = await workers(({ stage, params }, llm) => {
      if (stage === 'write' && params.what === 'passages') ceilings.push(llm?.costCeilingDollars);
      return stage === 'write' && params.what === 'passages' && (llm?.costCeilingDollars ?? 0) < 3 ? 'too dear' : 'succeed';
    });
    const handle = await start(smallSpec({ name: 'after-2-updates-at-its-ceiling', baselines: [], tasks: [{ ...smallSpec().tasks[0]!, source: { kind: 'nq-open', questions: 'miniature' } }], conditions: ['high/high'], write: { provider: 'openai', costCeilingDollars: 1 } }));
    const isWaiting = () => until(async () => (await progressOf(handle)).waitingFor).toContain('spent $1.00 of $1.00');
    await isWaiting();
    await update(handle, 'setCostCeiling', 2);
    await until(async () => ceilings).toEqual([1, 2]);
    await isWaiting();
    for (const cells of [3, 4]) await update(handle, 'setConcurrency', { cells });
    await untilRun(handle, 2);
    await isWaiting();
    const statuses = async () => [(await progressOf(handle)).status, ...(await latest(handle).describe()).typedSearchAttributes.getAll().flatMap(({ key, value }) => (key.name === 'NeedleworkStatus' ? [value] : []))];
    expect(await statuses()).toEqual(['paused', 'paused']);
    // A run that has only taken up what was waited for.
    lookups.held = true;
    for (const cells of [5, 6]) await update(handle, 'setConcurrency', { cells });
    await until(async () => [(await runsOf(handle)).length, ...(await statuses())]).toEqual([3, 'planning', 'paused']);
    lookups.held = false;
    await isWaiting();
    expect(await statuses()).toEqual(['paused', 'paused']);
    await update(handle, 'setCostCeiling', 3);
    expect(await handle.result()).toMatchObject({ status: 'complete' });
    expect(ceilings).toEqual([1, 2, 3]);
    expect((await progressOf(latest(handle))).cost.llmDollars).toBe(1);
  });

  it('does without what was skipped in a cell that goes on with the rest, whichever run comes to hear of it', async () => {
    const state = { hanging: true };
    const { ran } = await workers(({ stage }) => (stage === 'evaluate' ? 'fail' : stage === 'score' && state.hanging ? 'hang' : 'succeed'));
    const handle = await start(smallSpec({ name: 'after-2-updates-skipped', baselines: [], conditions: ['real'] }));
    await until(async () => [(await cellOf(handle, REAL)).status, Object.keys((await cellOf(handle, REAL)).running)]).toEqual(['blocked', ['score']]);
    await update(handle, 'skip', { cells: [REAL] });
    await update(handle, 'setConcurrency', { cells: 3 });
    await untilRun(handle, 2);
    state.hanging = false;
    const failed = await handle.result().catch((error: Error & { cause: Error }) => error.cause.message);
    expect(failed).toMatch(/no cell of the sweep could be finished:\n {2}- mdqa × tiny × real, stage evaluate: the data is malformed/);
    expect(ran.map(({ stage }) => stage).filter((stage) => ['evaluate', 'score', 'mask'].includes(stage))).toEqual(['score', 'mask']);
    await replayAll(handle, [REAL]);
  });

  it('asks about what blocks a cell after a person has said to do without something else of it', async () => {
    const state = { healed: false, hanging: true };
    await workers(({ stage }) => (stage === 'score' && state.hanging ? 'hang' : !state.healed && ['evaluate', 'score'].includes(stage) ? 'fail' : 'succeed'));
    const handle = await start(smallSpec({ name: 'after-2-updates-blocked-since', baselines: [], conditions: ['real'] }));
    await until(async () => [(await cellOf(handle, REAL)).status, Object.keys((await cellOf(handle, REAL)).running)]).toEqual(['blocked', ['score']]);
    await update(handle, 'skip', { cells: [REAL] });
    state.hanging = false;
    const blocked = async () => (await cellOf(handle, REAL)).failures.map(({ stage }) => stage).sort();
    await until(blocked).toEqual(['evaluate', 'score']);
    await update(handle, 'setConcurrency', { cells: 3 });
    await untilRun(handle, 2);
    const cell = client().workflow.getHandle(`${handle.workflowId}/${REAL}`);
    await until(() => cell.query('progress').then((told) => OneCellProgress.parse(told).status, () => null)).toBe('blocked');
    expect(await blocked()).toEqual(['evaluate', 'score']);
    state.healed = true;
    await update(handle, 'retry');
    expect(await handle.result()).toMatchObject({ status: 'complete', failures: [] });
    await replayAll(handle, [REAL]);
  });

  it('goes on with what a signal had a cell try again, though its cells tell outcomes only', async () => {
    const state = { healed: false, hanging: true };
    await workers(({ stage }) => (stage !== 'train' ? 'succeed' : !state.healed ? 'fail' : state.hanging ? 'hang' : 'succeed'));
    const handle = await start(smallSpec({ name: 'after-2-updates-of-outcomes', baselines: [], conditions: ['real'] }));
    await until(async () => (await cellOf(handle, REAL)).status).toBe('blocked');
    state.healed = true;
    await client().workflow.getHandle(`${handle.workflowId}/${REAL}`).signal('retry');
    await until(async () => [(await cellOf(handle, REAL)).status, (await progressOf(handle)).status]).toEqual(['running', 'running']);
    for (const cells of [3, 4]) await update(handle, 'setConcurrency', { cells });
    await untilRun(handle, 2);
    state.hanging = false;
    // Nobody says so a second time.
    expect(await handle.result()).toMatchObject({ status: 'complete', failures: [] });
    await replayAll(handle, [REAL]);
  });

  it('keeps what a cell was told by a signal of its own: how it is to run, and what it is to do without', async () => {
    const condition = conditionsOf();
    const state = { healed: false, hanging: true };
    const { ran } = await workers((recipe) => {
      if (condition(recipe) === 'symbolic') return !state.healed && recipe.stage === 'train' ? 'fail' : 'succeed';
      return recipe.stage === 'evaluate' ? 'fail' : recipe.stage === 'score' && state.hanging ? 'hang' : 'succeed';
    });
    const handle = await start(smallSpec({ name: 'after-2-updates-of-cells', baselines: [], conditions: ['real', 'symbolic'] }));
    const [real, symbolic] = [REAL, SYMBOLIC].map((id) => client().workflow.getHandle(`${handle.workflowId}/${id}`)) as [WorkflowHandle, WorkflowHandle];
    const trainings = async () => ((await symbolic.fetchHistory()).events ?? []).flatMap(({ activityTaskScheduledEventAttributes: event }) => (event?.activityType?.name === 'trainAdapter' ? [Number(event.startToCloseTimeout?.seconds) / 3600] : []));
    const areBlocked = () => until(async () => (await progressOf(handle)).cells.map(({ status, running }) => [status, ...Object.keys(running)])).toEqual([['blocked', 'score'], ['blocked']]);
    await areBlocked();
    await symbolic.signal('retry', { run: { timeoutHours: { train: 7 } } });
    await until(trainings).toEqual([48, 7]);
    await areBlocked();
    await real.signal('skip');
    const blockedIn = (cell: WorkflowHandle) => until(async () => cell.query('progress').then((told) => OneCellProgress.parse(told).blocked.map(({ stage }) => stage), () => null));
    await blockedIn(real).toEqual([]);
    for (const cells of [3, 4]) await update(handle, 'setConcurrency', { cells });
    await untilRun(handle, 2);
    await blockedIn(symbolic).toEqual(['train']);
    state.hanging = false;
    state.healed = true;
    await update(handle, 'retry', { cells: [SYMBOLIC] });
    const result = SweepResult.parse(await handle.result());
    expect(result.cells.map(({ status }) => status)).toEqual(['skipped', 'done']);
    expect(await trainings()).toEqual([7]);
    expect(ran.flatMap(({ stage, inputs }) => (stage === 'evaluate' ? Object.keys(inputs).length : []))).toHaveLength(1);
    await replayAll(handle, [REAL, SYMBOLIC]);
  });

  it('goes on with what a signal had a cell try again in its last moment, though it is paused, too', async () => {
    const state = { healed: false };
    await workers(({ stage }) => (stage === 'train' && !state.healed ? 'fail' : 'succeed'));
    const handle = await start(smallSpec({ name: 'after-2-updates-at-last', baselines: [], conditions: ['real'] }));
    await until(async () => (await cellOf(handle, REAL)).status).toBe('blocked');
    await update(handle, 'pause');
    state.healed = true;
    const cell = client().workflow.getHandle(`${handle.workflowId}/${REAL}`);
    await cell.signal('retry');
    await until(async () => cell.query('progress').then((told) => OneCellProgress.parse(told).blocked)).toEqual([]);
    await update(handle, 'setConcurrency', { cells: 3 });
    await untilRun(handle, 2);
    expect((await cellOf(handle, REAL)).status).toBe('running');
    await update(handle, 'resume');
    // Nobody says so a second time.
    expect(await handle.result()).toMatchObject({ status: 'complete', failures: [] });
    await replayAll(handle, [REAL]);
  });

  it('tries again what it is told to by a signal that came before its cells were there again', async () => {
    const state = { healed: false };
    const { lookups } = await workers(({ stage }) => (stage === 'train' && !state.healed ? 'fail' : 'succeed'));
    const handle = await start(smallSpec({ name: 'after-2-updates-between', baselines: [], conditions: ['real', 'symbolic'] }));
    await until(async () => (await progressOf(handle)).counts).toMatchObject({ blocked: 2 });
    lookups.held = true;
    for (const cells of [3, 4]) await update(handle, 'setConcurrency', { cells });
    await until(async () => (await runsOf(handle)).length).toBe(2);
    state.healed = true;
    await handle.signal('retry', { run: { timeoutHours: { train: 7 } } });
    lookups.held = false;
    expect(await handle.result()).toMatchObject({ status: 'complete', failures: [] });
    const { events } = await client().workflow.getHandle(`${handle.workflowId}/${REAL}`).fetchHistory();
    expect(events?.flatMap(({ activityTaskScheduledEventAttributes: event }) => (event?.activityType?.name === 'trainAdapter' ? [Number(event.startToCloseTimeout?.seconds) / 3600] : []))).toEqual([7]);
    await replayAll(handle, [REAL, SYMBOLIC]);
  });

  it('has a cell do what that of the run before was told, which only this run comes to hear', async () => {
    const state = { healed: false };
    const { ran } = await workers(({ stage }) => (stage === 'train' && !state.healed ? 'fail' : 'succeed'));
    const handle = await start(smallSpec({ name: 'after-2-updates-heard-later', baselines: [], conditions: ['real', 'symbolic'] }));
    await until(async () => (await progressOf(handle)).counts).toMatchObject({ blocked: 2 });
    for (const cells of [3, 4]) await update(handle, 'setConcurrency', { cells });
    await untilRun(handle, 2);
    state.healed = true;
    const word = (cell: string, verdict: string) => latest(handle).signal('stageEvents', [], 'a start of the run before', [{ cell, verdict }]);
    await word(REAL, 'retry');
    await word(SYMBOLIC, 'skip');
    const result = SweepResult.parse(await handle.result());
    expect(result.cells.map(({ status }) => status)).toEqual(['done', 'skipped']);
    expect(ran.filter(({ stage }) => stage === 'train')).toHaveLength(1);
    await replayAll(handle, [REAL, SYMBOLIC]);
  });

  it('hears in their order what its cells were told by signals of their own, so that the last of it holds', async () => {
    await workers(({ stage }) => (stage === 'train' ? 'hang' : 'succeed'));
    const handle = await start(smallSpec({ name: 'after-2-updates-in-order', baselines: [], conditions: ['real'] }));
    await until(async () => Object.keys((await cellOf(handle, REAL)).running)).toEqual(['train']);
    const cell = client().workflow.getHandle(`${handle.workflowId}/${REAL}`);
    const all = Array.from({ length: 40 }, (_, at) => at + 1);
    for (const hours of all) {
      await cell.signal('retry', { run: { timeoutHours: hours } });
      // So that the cell has heard it before it hears the next.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const wordsIn = async (runId: string) => {
      const signals = ((await client().workflow.getHandle(handle.workflowId, runId).fetchHistory()).events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: event }) => event?.input?.payloads?.[2] ?? []);
      return signals.flatMap((payload) => defaultPayloadConverter.fromPayload<CellWord[]>(payload).map(({ change }) => change?.timeoutHours));
    };
    await until(async () => wordsIn((await runsOf(handle))[0]!)).toEqual(all);
    for (const cells of [3, 4]) await update(handle, 'setConcurrency', { cells });
    await untilRun(handle, 2);
    const trainings = async () => ((await cell.fetchHistory()).events ?? []).flatMap(({ activityTaskScheduledEventAttributes: event }) => (event?.activityType?.name === 'trainAdapter' ? [Number(event.startToCloseTimeout?.seconds) / 3600] : []));
    await until(trainings).toEqual([all.length]);
    await handle.cancel();
    await handle.result().catch(() => {});
  });

  it('ends what a person has stopped, though a run cannot wait until it has', async () => {
    const state = { clinging: true };
    const condition = conditionsOf();
    const { ran } = await workers((recipe) => {
      const isClinging = recipe.stage === (condition(recipe) === 'low/low' ? 'mask' : 'train');
      return state.clinging && isClinging ? 'cling' : 'succeed';
    });
    const handle = await start(smallSpec({ name: 'after-2-updates-stopping', baselines: [], patch: {}, conditions: ['real', 'symbolic', 'low/low'], write: { provider: 'offline' } }));
    await until(async () => (await progressOf(handle)).cells.map(({ running }) => Object.keys(running))).toEqual([['train'], ['train'], ['mask']]);
    const LOW = 'mdqa/tiny/low/low';
    await update(handle, 'skip', { cells: [SYMBOLIC, LOW] });
    // Its patching, which waits for the real cell, has ended at once.
    await until(async () => (await cellOf(handle, LOW)).status).toBe('skipped');
    // At more than 1.4 times the limit it waits no longer.
    for (const cells of [3, 4]) await update(handle, 'setConcurrency', { cells });
    await untilRun(handle, 2);
    state.clinging = false;
    const result = SweepResult.parse(await handle.result());
    expect(result.cells.map(({ id, status }) => [id, status])).toEqual([[REAL, 'done'], [SYMBOLIC, 'skipped'], [LOW, 'skipped']]);
    expect(result.failures.map(({ cell, type }) => [cell, type]).sort(), 'its stages, its patching, and the other').toEqual([[LOW, 'Skipped'], [LOW, 'Skipped'], [SYMBOLIC, 'Skipped']]);
    expect(ran.flatMap((recipe) => (condition(recipe) === 'symbolic' ? [recipe.stage] : []))).not.toContain('evaluate');
    await replayAll(handle);
  });

  it('keeps how long what cells share may take that a signal had it try again', async () => {
    const state = { healed: false };
    await workers(({ stage }) => (stage === 'base' && !state.healed ? 'fail' : 'succeed'));
    const handle = await start(smallSpec({ name: 'after-2-updates-of-hours', baselines: [], conditions: ['real'] }));
    const isBlocked = () => until(async () => (await progressOf(handle)).status).toBe('blocked');
    const basesOf = async (runId: string) => {
      const { events } = await client().workflow.getHandle(handle.workflowId, runId).fetchHistory();
      return (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: event }) => (event?.activityType?.name === 'importBase' ? [Number(event.startToCloseTimeout?.seconds) / 3600] : []));
    };
    await isBlocked();
    await handle.signal('retry', { run: { timeoutHours: 7 } });
    await until(async () => basesOf((await runsOf(handle))[0]!)).toEqual([6, 7]);
    await isBlocked();
    for (const cells of [3, 4]) await update(handle, 'setConcurrency', { cells });
    await untilRun(handle, 2);
    state.healed = true;
    await update(handle, 'retry');
    expect(await handle.result()).toMatchObject({ status: 'complete' });
    expect(await basesOf((await runsOf(handle))[1]!)).toEqual([7]);
  });

  it('counts what people signal to it as signals', async () => {
    await workers(({ stage }) => (stage === 'train' ? 'hang' : 'succeed'));
    const handle = await start(smallSpec({ name: 'after-9-signals-of-people', baselines: [], conditions: ['real'] }));
    await until(async () => Object.keys((await cellOf(handle, REAL)).running)).toEqual(['train']);
    for (let sent = 0; sent < 9; sent += 1) await handle.signal('skip');
    await untilRun(handle, 2);
    await handle.cancel();
    await handle.result().catch(() => {});
  });

  it('counts the signals that it gets, and goes on as it was when a later run is reset', async () => {
    const state = { hanging: true };
    const { ran } = await workers(({ stage }) => (stage === 'train' && state.hanging ? 'hang' : 'succeed'));
    const handle = await start(smallSpec({ name: 'after-9-signals', baselines: [], conditions: ['real'] }));
    await until(async () => Object.keys((await cellOf(handle, REAL)).running)).toEqual(['train']);
    const news: StageNews = { key: 'f'.repeat(64), advance: { phase: 'train', done: 1, total: 2, unit: 'steps', percent: 50, endsAbout: null, metrics: {}, log: [] } };
    await update(handle, 'setPriority', { priority: 1 });
    for (let sent = 0; sent < 9; sent += 1) await handle.signal('stageNews', news);
    await untilRun(handle, 2);
    await until(async () => Object.keys((await cellOf(handle, REAL)).running)).toEqual(['train']);
    const before = await latest(handle).describe();
    const { events } = await latest(handle).fetchHistory();
    await client().workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: handle.workflowId, runId: before.runId },
      reason: 'to see what becomes of it',
      workflowTaskFinishEventId: events!.find(({ workflowTaskCompletedEventAttributes: event }) => event != null)!.eventId!,
      requestId: randomUUID(),
    });
    await until(async () => (await latest(handle).describe()).runId).not.toBe(before.runId);
    state.hanging = false;
    const result = SweepResult.parse(await latest(handle).result());
    expect(result).toMatchObject({ status: 'complete', failures: [] });
    expect(new Set(ran.map(artifactKey)).size).toBe(ran.length);
    const { events: cellEvents } = await client().workflow.getHandle(`${handle.workflowId}/${REAL}`).fetchHistory();
    expect(cellEvents?.flatMap(({ activityTaskScheduledEventAttributes: event }) => event?.priority?.priorityKey ?? []), 'all of its stages').toEqual([1, 1, 1, 1, 1]);
  });

  it('ends its cells when it is cancelled after it has continued', async () => {
    await workers(({ stage }) => (stage === 'train' ? 'hang' : 'succeed'));
    const handle = await start(smallSpec({ name: 'after-2-updates-cancelled', baselines: [] }));
    await until(async () => (await progressOf(handle)).cells.map(({ running }) => Object.keys(running))).toEqual([['train'], ['train']]);
    for (const cells of [3, 4]) await update(handle, 'setConcurrency', { cells });
    await untilRun(handle, 2);
    await until(async () => (await progressOf(handle)).cells.map(({ running }) => Object.keys(running))).toEqual([['train'], ['train']]);
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow();
    // It waits for them: they are not merely ended with it.
    for (const id of [REAL, SYMBOLIC]) expect((await client().workflow.getHandle(`${handle.workflowId}/${id}`).describe()).status.name).toBe('CANCELLED');
  });

  it('does not take just anything for what a run before has carried over', async () => {
    await workers();
    const handle = await client().workflow.start('sweep', { workflowId: `carried-${randomUUID()}`, taskQueue: LIGHT_QUEUE, args: [smallSpec(), { run: 1 }] });
    const failed = await handle.result().catch((error: Error & { cause: Error }) => error.cause.message);
    expect(failed).toMatch(/what the run before has carried over is not valid:\n {2}- run: found 1, allowed: at least 2/);
  });
});
