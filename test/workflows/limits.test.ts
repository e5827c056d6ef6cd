/** Sweeps larger than what they may have at once, tell at once or be told of at once. */
import type { WorkflowHandle } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { parseSweepSpec } from '#workflows/contracts/parse.ts';
import { SweepPlan, SweepProgress, SweepResult } from '#workflows/contracts/progress.ts';
import { MOST_CELLS, planSweep } from '#workflows/plan/plan.ts';
import { problemsFrom, SMALL_FINGERPRINTS, smallSpec } from '../support/spec.ts';
import { SMALL_LIMITS } from '../support/small-limits.ts';
import { sweepsForTests } from '../support/sweeps.ts';

const { client, workers, start, replay } = sweepsForTests('limited', new URL('../support/small-limits.ts', import.meta.url));

const progressOf = async (handle: WorkflowHandle, ...asked: { cells: string[] }[]) => SweepProgress.parse(await handle.query('progress', ...asked));
const until = (check: () => Promise<unknown>) => expect.poll(check, { timeout: 90_000, interval: 200 });

/** Two conditions from three seeds: six cells, three of them patched. */
const spec = smallSpec({ baselines: [], patch: {}, seeds: [1, 2, 3] });

type Events = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>;

/** How many of what `begins` and `ends` tell were open at once, at most. */
function mostAtOnce(events: Events, begins: (event: Events[number]) => boolean, ends: (event: Events[number]) => boolean): number {
  let open = 0;
  return Math.max(...events.map((event) => (open += begins(event) ? 1 : ends(event) ? -1 : 0)));
}

describe('a sweep of many cells', { timeout: 240_000 }, () => {
  it('runs so many at once and is told outcomes only, so that its history stays short; answers stay small', async () => {
    let healed = false;
    await workers((recipe) => (!healed && recipe.stage === 'train' && recipe.seed === 2 ? 'fail' : 'succeed'));
    const handle = await start(spec);
    await until(async () => (await progressOf(handle)).status).toBe('blocked');
    const { counts, cells } = await progressOf(handle);
    expect(counts).toMatchObject({ blocked: 2, done: 4 });
    expect(cells.filter(({ status }) => status === 'blocked').map(({ seed, failures }) => [seed, failures.map(({ stage }) => stage)])).toEqual([[2, ['train']], [2, ['train']]]);
    healed = true;
    await handle.executeUpdate('retry');
    const result = SweepResult.parse(await handle.result());
    expect(result).toMatchObject({ status: 'complete', failures: [] });

    const events = (await handle.fetchHistory()).events ?? [];
    // Those that wait for a person keep nobody else from running.
    const begun = ({ startChildWorkflowExecutionInitiatedEventAttributes: event }: Events[number]) => event != null && !event.workflowId?.endsWith('seed-2');
    const ended = ({ childWorkflowExecutionCompletedEventAttributes: event }: Events[number]) => event != null && !event.workflowExecution?.workflowId?.endsWith('seed-2');
    expect(mostAtOnce(events, begun, ended)).toBe(SMALL_LIMITS.atOnce);
    const patches = new Set(events.flatMap(({ eventId, activityTaskScheduledEventAttributes: event }) => (event?.activityType?.name === 'patchHeads' ? [String(eventId)] : [])));
    expect(patches.size).toBe(3);
    expect(mostAtOnce(events, ({ eventId }) => patches.has(String(eventId)), ({ activityTaskCompletedEventAttributes: event }) => patches.has(String(event?.scheduledEventId)))).toBeLessThanOrEqual(SMALL_LIMITS.atOnce);
    // One signal of each cell that was blocked: the rest they end with.
    expect(events.filter((event) => event.workflowExecutionSignaledEventAttributes != null)).toHaveLength(2);
    console.log(`6 cells that tell outcomes only: ${events.length} events, ${(events.length / 6).toFixed(1)} a cell`);

    const ids = result.cells.map(({ id }) => id);
    expect((await progressOf(handle)).cells.map(({ id, artifacts }) => [id, artifacts])).toEqual(ids.map((id) => [id, {}]));
    const asked = (await progressOf(handle, { cells: [ids[4]!] })).cells;
    expect(asked.map(({ id, artifacts }) => [id, Object.keys(artifacts)])).toEqual([[ids[4], expect.arrayContaining(['dataset', 'train', 'evaluate', 'score', 'mask'])]]);
    const plan = SweepPlan.parse(await handle.query('plan'));
    expect([plan.units.map(({ id }) => id), plan.notTold]).toEqual([ids.slice(0, SMALL_LIMITS.planned), 6 - SMALL_LIMITS.planned]);
    expect(SweepPlan.parse(await handle.query('plan', { cells: [ids[5]!] })).units.map(({ id }) => id)).toEqual([ids[5]]);
    await expect(handle.query('plan', { cells: ['mdqa/tiny/reel'] })).rejects.toThrow('cells: found "mdqa/tiny/reel", which is not in the sweep');
    await replay(handle, [`${handle.workflowId}/${ids[0]}`]);
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
