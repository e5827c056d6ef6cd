/** What a sweep hands to its next run: how large it gets, and what the next run makes of it. */
import { describe, expect, it } from 'vitest';
import { progressOf } from '#workflows/board-view.ts';
import { type Board, newBoard, onCellStarted, onShared, onStageEvent, onUnitBlocked, onUnitGivenUp } from '#workflows/board.ts';
import { carriedFrom, confirm, stoppedBefore, takeUp } from '#workflows/carried.ts';
import type { Recipe, StageResult } from '#workflows/contracts/artifacts.ts';
import { Carried } from '#workflows/contracts/carried.ts';
import { parseSweepSpec } from '#workflows/contracts/parse.ts';
import type { Failure } from '#workflows/contracts/progress.ts';
import type { FindResult } from '#workflows/contracts/requests.ts';
import { artifactKey, refOf } from '#workflows/plan/keys.ts';
import { MOST_CELLS, planSweep, unitsOf } from '#workflows/plan/plan.ts';
import { StoppedParts } from '#workflows/stopped-parts.ts';
import type { SweepRun } from '#workflows/sweep-run.ts';
import { ANY_FINGERPRINTS, exampleSpec, smallSpec } from '../support/spec.ts';

const REAL = 'mdqa/tiny/real';
const SYMBOLIC = 'mdqa/tiny/symbolic';

/** The paper's grid from so many seeds that there is no room for another one. */
function largest() {
  const cellsOf = (seeds: number) => parseSweepSpec({ ...exampleSpec('paper.json'), seeds: Array.from({ length: seeds }, (_, seed) => seed) });
  const perSeed = planSweep(cellsOf(2), ANY_FINGERPRINTS).cells.length / 2;
  const spec = cellsOf(Math.floor(MOST_CELLS / perSeed));
  return { spec, plan: planSweep(spec, ANY_FINGERPRINTS) };
}

/** A run of a sweep as far as it is looked at here. */
function runOf(board: Board, { stopped = new StoppedParts(), inWorkflow = () => false as boolean, finished = {} as FindResult, changes = new Map<string, object>(), ownTimeoutHours = new Map<string, object>(), priorities = {}, unpatched = {}, retried = false } = {}): SweepRun {
  const said = { paused: true, onFailure: 'park', ending: false, concurrency: 5, priority: 2 };
  const desk = { said: { said, priorities, changes, ownTimeoutHours }, hasWorkflow: inWorkflow, skips: () => false, retries: () => retried };
  return { board, desk, stopped, finished, fingerprints: {}, healing: { times: { [REAL]: 1 } }, unpatched } as unknown as SweepRun;
}

/** No LLM is asked. */
const MONEY = { use: undefined, waiting: {} };

const failureOf = (id: string, message: string): Failure => ({ stage: 'train', type: 'TrainerCrashed', message: `${id}: ${message}`, remedy: 'see the log of the trainer, then retry; its training goes on from the last checkpoint' });
const resultOf = (recipe: Recipe, reused = false): StageResult => ({ ref: refOf(recipe), reused, summary: recipe.stage === 'evaluate' ? { f1: 0.25 } : {}, seconds: 3600 });

describe('what a sweep hands to its next run', () => {
  it.each(['x', '漢', '"'])('stays below what a server takes, whatever has happened in however many cells, in letters such as %s', { timeout: 60_000 }, (letter) => {
    const { spec, plan } = largest();
    expect(plan.cells.length).toBeGreaterThan(2_900);
    const board = newBoard(plan, spec);
    board.artifactsAt = 's3://bucket/artifacts';
    const units = unitsOf(plan);
    const long = letter.repeat(3_000);
    const stopped = new StoppedParts();
    for (const { id, shared, stages } of units) {
      onCellStarted(board, id, id);
      for (const recipe of Object.values<Recipe>({ ...stages })) if (recipe.stage !== 'mask') onStageEvent(board, { cell: id, stage: recipe.stage, state: 'done', result: resultOf(recipe, recipe.stage === 'dataset') });
      for (const recipe of Object.values<Recipe>({ ...shared })) onShared(board, artifactKey(recipe), `${id}: ${recipe.stage} data`, { status: 'done' });
      onUnitBlocked(board, id, failureOf(id, long));
      stopped.set(id, 'patch', { state: 'given up', failures: [failureOf(id, `patch ${long}`)] });
    }
    const changes = new Map(units.map(({ id }) => [id, { checkpointMinutes: 5, timeoutHours: { train: 72, mask: 24 } }]));
    const ownTimeoutHours = new Map([...board.shared.keys()].map((key) => [key, { base: 72, write: 24 }]));
    const carried = carriedFrom(runOf(board, { stopped, inWorkflow: () => true, changes, ownTimeoutHours, priorities: Object.fromEntries(units.map(({ id }) => [id, 1])), unpatched: Object.fromEntries(units.map(({ id }) => [id, long])) }), { use: undefined, waiting: Object.fromEntries(plan.cells.slice(0, 20).map(({ id }) => [`${id}: low passages`, letter.repeat(300)])) });
    const bytes = Buffer.byteLength(JSON.stringify(carried));
    console.log(`${units.length} units, each blocked and given up: ${(bytes / 1e6).toFixed(2)} MB`);
    expect(bytes).toBeLessThan(1_950_000);
    expect(Carried.parse(carried)).toEqual(carried);
    expect(carried.failures.every(({ message }) => message.endsWith('…'))).toBe(true);
  });

  it('is not that a cell waits where a person has had it tried again, and its workflow has yet to hear of that', () => {
    const spec = parseSweepSpec(smallSpec({ conditions: ['real'] }));
    const board = newBoard(planSweep(spec, ANY_FINGERPRINTS), spec);
    onCellStarted(board, REAL, `s/${REAL}`);
    const stopped = new StoppedParts();
    stopped.set(REAL, '', { state: 'in its workflow', failures: [failureOf(REAL, 'crashed')] });
    const cellOf = (retried: boolean) => carriedFrom(runOf(board, { stopped, retried }), MONEY).units[REAL]!.cell;
    expect([cellOf(false)?.state, cellOf(true)]).toEqual(['in its workflow', undefined]);
  });

  it('does not show a cell as failed that runs, though its patching was given up', () => {
    const spec = parseSweepSpec(smallSpec({ conditions: ['real', 'symbolic'], patch: {} }));
    const [before, after] = [newBoard(planSweep(spec, ANY_FINGERPRINTS), spec), newBoard(planSweep(spec, ANY_FINGERPRINTS), spec)];
    onCellStarted(before, SYMBOLIC, `s/${SYMBOLIC}`);
    const stopped = new StoppedParts();
    stopped.set(SYMBOLIC, 'patch', { state: 'given up', failures: [] });
    takeUp(after, carriedFrom(runOf(before, { stopped }), MONEY), 's');
    expect(after.cells.get(SYMBOLIC)!.status).toBe('running');
  });

  it('is what the next run shows at once, but for what was under way', () => {
    const spec = parseSweepSpec(smallSpec({ baselines: ['untuned'], patch: {}, conditions: ['real', 'symbolic', 'low/low'], write: { provider: 'offline' } }));
    const plan = planSweep(spec, ANY_FINGERPRINTS);
    const before = newBoard(plan, spec);
    before.phase = 'running';
    const [untuned] = plan.baselines;
    const recipesOf = (id: string) => Object.fromEntries(Object.values<Recipe>({ ...plan.cells.find((cell) => cell.id === id)!.stages }).map((recipe) => [recipe.stage, recipe]));
    const done = (id: string, recipe: Recipe, reused = false) => onStageEvent(before, { cell: id, stage: recipe.stage, state: 'done', result: resultOf(recipe, reused) });
    onCellStarted(before, REAL, `s/${REAL}`);
    const [real, symbolic] = [recipesOf(REAL), recipesOf(SYMBOLIC)];
    done(REAL, real.dataset!, true);
    done(REAL, real.train!);
    done(REAL, real.evaluate!);
    onStageEvent(before, { cell: REAL, stage: 'score', state: 'running' });
    onCellStarted(before, SYMBOLIC, `s/${SYMBOLIC}`);
    done(SYMBOLIC, symbolic.dataset!);
    const [inCell, inSweep, words] = [failureOf(SYMBOLIC, 'in its workflow'), failureOf(untuned!.id, 'in the sweep'), failureOf('mdqa/tiny/low/low', 'skipped')];
    onStageEvent(before, { cell: SYMBOLIC, stage: 'train', state: 'blocked', failure: inCell });
    onUnitBlocked(before, untuned!.id, inSweep);
    onUnitGivenUp(before, 'mdqa/tiny/low/low', [words], 'skipped');
    const stopped = new StoppedParts();
    stopped.set(untuned!.id, '', { state: 'parked', failures: [inSweep] });
    stopped.set('mdqa/tiny/low/low', '', { state: 'given up', failures: [words] });
    const finished: FindResult = Object.fromEntries([real.dataset!, real.train!, real.evaluate!, symbolic.dataset!].map((recipe) => [artifactKey(recipe), resultOf(recipe, true)]));
    const carried = Carried.parse(JSON.parse(JSON.stringify(carriedFrom(runOf(before, { stopped, inWorkflow: (id?: string) => id === SYMBOLIC }), MONEY))));

    const after = newBoard(plan, spec);
    after.phase = 'running';
    takeUp(after, carried, 's');
    confirm(after, carried, finished, finished);
    const still = before.cells.get(REAL)!;
    still.running = {};
    // It is the stage that ran last.
    expect(progressOf('s', after)).toEqual({ ...progressOf('s', before), artifactsAt: null });
    const { stopped: taken, failures } = stoppedBefore(carried);
    expect([taken.of(SYMBOLIC, ''), taken.of(untuned!.id, ''), taken.of(REAL, ''), taken.of(REAL, 'patch')]).toEqual([{ state: 'in its workflow', failures: [inCell] }, { state: 'parked', failures: [inSweep] }, undefined, undefined]);
    expect(failures).toEqual([{ cell: 'mdqa/tiny/low/low', ...words }]);

    // Made by the run before after it was last heard of: found at once, or by whoever would make it.
    const later = newBoard(plan, spec);
    takeUp(later, carried, 's');
    const more = { ...finished, [artifactKey(real.score!)]: resultOf(real.score!, true) };
    confirm(later, carried, more, more);
    onStageEvent(later, { cell: REAL, stage: 'mask', state: 'done', result: resultOf(real.mask!, true) });
    expect(later.cells.get(REAL)).toMatchObject({ stagesDone: 5, stagesReused: 1 });
    expect(later.cost.trainerHours).toBe(before.cost.trainerHours + 2);
    // What the other cell finds there was never under way: it had not begun.
    const low = recipesOf('mdqa/tiny/low/low');
    onStageEvent(later, { cell: 'mdqa/tiny/low/low', stage: 'dataset', state: 'done', result: resultOf(low.dataset!, true) });
    expect(later.cells.get('mdqa/tiny/low/low')).toMatchObject({ status: 'skipped', stagesDone: 1, stagesReused: 1 });

    // Gone since: it is to be made anew.
    const gone = newBoard(plan, spec);
    takeUp(gone, carried, 's');
    const { [artifactKey(real.evaluate!)]: _, ...less } = finished;
    confirm(gone, carried, less, less);
    expect(gone.cells.get(REAL)).toMatchObject({ stagesDone: 2, stagesReused: 1, f1: null });
  });
});
