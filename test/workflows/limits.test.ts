/** Sweeps larger than what they may have at once, tell at once or be told of at once; and sweeps of which nobody does the trainer jobs. */
import type { WorkflowHandle } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { trainerPresence } from '#workers/trainer-worker.ts';
import { parseSweepSpec } from '#workflows/contracts/parse.ts';
import { CellProgress, SweepPlan, SweepProgress, SweepResult } from '#workflows/contracts/progress.ts';
import { MOST_CELLS, planSweep } from '#workflows/plan/plan.ts';
import { problemsFrom, SMALL_FINGERPRINTS, smallSpec } from '../support/spec.ts';
import { SMALL_LIMITS } from '../support/small-limits.ts';
import { sweepsForTests } from '../support/sweeps.ts';

const { client, native, workers, start, replay } = sweepsForTests('limited', new URL('../support/small-limits.ts', import.meta.url));

const progressOf = async (handle: WorkflowHandle, ...asked: { cells: string[] }[]) => SweepProgress.parse(await handle.query('progress', ...asked));
const until = (check: () => Promise<unknown>) => expect.poll(check, { timeout: 90_000, interval: 200 });

/** Two conditions from six seeds: twelve cells, six of them patched. */
const spec = smallSpec({ baselines: [], patch: {}, seeds: [1, 2, 3, 4, 5, 6] });

type Events = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>;

/** How many of what `begins` and `ends` tell were open at once, at most. */
function mostAtOnce(events: Events, begins: (event: Events[number]) => boolean, ends: (event: Events[number]) => boolean): number {
  let open = 0;
  return Math.max(...events.map((event) => (open += begins(event) ? 1 : ends(event) ? -1 : 0)));
}

describe('a sweep of many cells', { timeout: 240_000 }, () => {
  it('runs so many at once and is told outcomes only, so that its history stays short; answers stay small', async () => {
    await workers();
    const handle = await start(spec);
    const result = SweepResult.parse(await handle.result());
    expect(result).toMatchObject({ status: 'complete', failures: [] });
    expect(new Set(result.cells.map(({ status }) => status))).toEqual(new Set(['done']));
    const events = (await handle.fetchHistory()).events ?? [];
    expect(mostAtOnce(events, (event) => event.startChildWorkflowExecutionInitiatedEventAttributes != null, (event) => event.childWorkflowExecutionCompletedEventAttributes != null)).toBe(SMALL_LIMITS.atOnce);
    const patches = new Set(events.flatMap(({ eventId, activityTaskScheduledEventAttributes: event }) => (event?.activityType?.name === 'patchHeads' ? [String(eventId)] : [])));
    expect(patches.size).toBe(6);
    expect(mostAtOnce(events, ({ eventId }) => patches.has(String(eventId)), ({ activityTaskCompletedEventAttributes: event }) => patches.has(String(event?.scheduledEventId)))).toBeLessThanOrEqual(SMALL_LIMITS.atOnce);
    // One signal a cell.
    expect(events.filter((event) => event.workflowExecutionSignaledEventAttributes != null)).toHaveLength(12);
    console.log(`12 cells in outcomes mode: ${events.length} events, ${(events.length / 12).toFixed(1)} a cell`);

    const ids = result.cells.map(({ id }) => id);
    expect((await progressOf(handle)).cells.map(({ id, artifacts }) => [id, artifacts])).toEqual(ids.map((id) => [id, {}]));
    const asked: CellProgress[] = (await progressOf(handle, { cells: [ids[7]!] })).cells;
    expect(asked.map(({ id, artifacts }) => [id, Object.keys(artifacts)])).toEqual([[ids[7], expect.arrayContaining(['dataset', 'train', 'evaluate', 'score', 'mask'])]]);
    const plan = SweepPlan.parse(await handle.query('plan'));
    expect([plan.units.map(({ id }) => id), plan.notTold]).toEqual([ids.slice(0, SMALL_LIMITS.planned), 7]);
    expect(SweepPlan.parse(await handle.query('plan', { cells: [ids[11]!] })).units.map(({ id }) => id)).toEqual([ids[11]]);
    await expect(handle.query('plan', { cells: ['mdqa/tiny/reel'] })).rejects.toThrow('cells: found "mdqa/tiny/reel", which is not in the sweep');
    await replay(handle, [`${handle.workflowId}/${ids[0]}`]);
  });

  it('is told of cells that block, and goes on when they are tried again', async () => {
    let healed = false;
    await workers((recipe) => (!healed && recipe.stage === 'train' && recipe.seed === 2 ? 'fail' : 'succeed'));
    const handle = await start(spec);
    await until(async () => (await progressOf(handle)).status).toBe('blocked');
    const { counts, cells } = await progressOf(handle);
    expect(counts).toMatchObject({ blocked: 2, done: 10 });
    expect(cells.filter(({ status }) => status === 'blocked').map(({ seed, failures }) => [seed, failures.map(({ stage }) => stage)])).toEqual([[2, ['train']], [2, ['train']]]);
    healed = true;
    await handle.executeUpdate('retry');
    expect(await handle.result()).toMatchObject({ status: 'complete', failures: [] });
    await replay(handle);
  });

  it('stops with all its cells when it is cancelled', async () => {
    await workers(({ stage }) => (stage === 'train' ? 'hang' : 'succeed'));
    const handle = await start(spec);
    await until(async () => (await progressOf(handle)).counts.running).toBe(SMALL_LIMITS.atOnce);
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow();
    await until(async () => (await client().workflow.count(`NeedleworkSweep = "${handle.workflowId}" AND ExecutionStatus = 'Running'`)).count).toBe(0);
  });

  it('is refused where it is larger than any may be', () => {
    const planned = (seeds: number) => problemsFrom(() => planSweep(parseSweepSpec({ ...spec, seeds: Array.from({ length: seeds }, (_, seed) => seed) }), SMALL_FINGERPRINTS));
    expect(planned(MOST_CELLS / 2)).toEqual([]);
    expect(planned(MOST_CELLS / 2 + 1)).toEqual([`tasks × models × conditions × variants × seeds: found ${MOST_CELLS + 2} cells, allowed: at most ${MOST_CELLS} in one sweep; share them out among several, which reuse each other's artifacts`]);
  });
});

describe('a sweep whose trainer jobs nobody does', { timeout: 240_000 }, () => {
  it('says so, fails nothing, and goes on when a worker is there', async () => {
    const { trainers, notices } = await workers(undefined, undefined, true);
    const handle = await start(smallSpec({ baselines: [], conditions: ['real'], run: { webhook: { url: 'https://example.org/hook' } } }));
    await until(async () => (await progressOf(handle)).waitingFor).toBe('a worker with a trainer (needlework worker trainer): 1 job waits in the queue needlework-gpu, and none listens');
    expect((await progressOf(handle)).status).toBe('running');
    expect(JSON.stringify(await handle.query('__temporal_workflow_metadata'))).toContain('1 job waits in the queue needlework-gpu');
    await until(async () => notices.map(({ event, text }) => [event, text])).toEqual([['unattended', `Sweep ${handle.workflowId} waits for a worker with a trainer (needlework worker trainer): 1 job waits in the queue needlework-gpu, and none listens`]]);
    await trainers();
    expect(await handle.result()).toMatchObject({ status: 'complete', failures: [] });
    expect((await progressOf(handle)).waitingFor).toBeNull();
    expect(notices.map(({ event, status }) => `${event} ${status}`)).toEqual(['unattended running', 'ended complete']);
    await replay(handle);
  });

  it('says nothing where one is there that asks for no job, since it is busy', async () => {
    await workers(undefined, undefined, true);
    const presence = await trainerPresence({ connection: native(), namespace: 'default' });
    const present = presence.run();
    const handle = await start(smallSpec({ baselines: [], conditions: ['real'], seed: 5 }));
    await until(async () => (await progressOf(handle)).cells.map(({ running }) => Object.keys(running))).toEqual([['train']]);
    const looks = async () => ((await handle.fetchHistory()).events ?? []).filter(({ activityTaskScheduledEventAttributes: event }) => event?.activityType?.name === 'lookForTrainers').length;
    const before = await looks();
    // The last of these three was begun after the two before it had ended.
    await until(async () => (await looks()) >= before + 3).toBe(true);
    expect((await progressOf(handle)).waitingFor).toBeNull();
    await handle.terminate();
    presence.shutdown();
    await present;
  });
});
