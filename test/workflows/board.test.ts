import { describe, expect, it } from 'vitest';
import { boardMarkdown, failuresOf, planOf, progressOf } from '#workflows/board-view.ts';
import { type Board, hasFinished, isAnythingRunning, newBoard, onCellEnded, onCellStarted, onNotMadeAnew, onShared, onSharedDone, onStageEvent, onStageGivenUp, onUnitBlocked, onUnitGivenUp, onUnitRetried, statusOf, trainerSigns } from '#workflows/board.ts';
import type { Recipe, Stage } from '#workflows/contracts/artifacts.ts';
import { parseSweepSpec } from '#workflows/contracts/parse.ts';
import { type Failure, SweepFailures, SweepPlan, SweepProgress } from '#workflows/contracts/progress.ts';
import type { SweepSpecInput } from '#workflows/contracts/spec.ts';
import { artifactKey, refOf } from '#workflows/plan/keys.ts';
import { planSweep } from '#workflows/plan/plan.ts';
import { smallSpec } from '../support/spec.ts';

const REAL = 'mdqa/tiny/real';
const SYMBOLIC = 'mdqa/tiny/symbolic';

function board(changes: Partial<SweepSpecInput> = {}): Board {
  const spec = parseSweepSpec(smallSpec(changes));
  const made = newBoard(planSweep(spec, { miniature: 'w', 'examples/models/tiny-llama': 'm' }), spec);
  made.phase = 'running';
  return made;
}

const running = (at: Board, cell: string, stage: Stage) => onStageEvent(at, { cell, stage, state: 'running' });
const done = (at: Board, cell: string, stage: Stage, { summary = {}, reused = false, seconds = 36 } = {}) =>
  onStageEvent(at, { cell, stage, state: 'done', result: { ref: { stage, key: 'a'.repeat(64) }, reused, summary, seconds } });
const failure = (stage: string, message = 'no'): Failure => ({ stage, type: 'E', message, remedy: 'retry' });
const blocked = (at: Board, cell: string, stage: Stage, message?: string) => onStageEvent(at, { cell, stage, state: 'blocked', failure: failure(stage, message) });
const status = (at: Board, cell: string) => at.cells.get(cell)?.status;

describe('the board of a sweep', () => {
  it('starts with everything waiting and answers in the contract’s shape', () => {
    const progress = SweepProgress.parse(progressOf('s', board()));
    expect(progress.counts).toEqual({ waiting: 4, running: 0, blocked: 0, done: 0, skipped: 0, failed: 0 });
    expect(progress.stages).toEqual({ done: 0, total: 12, reused: 0, ran: 0 });
  });

  it('follows a cell from its first stage to its last', () => {
    const at = board();
    for (const [stage, summary] of [['dataset', {}], ['train', {}], ['evaluate', { f1: 0.5 }], ['score', { retrievalHeads: 7 }], ['mask', {}]] as const) {
      running(at, REAL, stage);
      expect(status(at, REAL)).toBe('running');
      done(at, REAL, stage, { summary, reused: stage === 'dataset' });
    }
    expect(at.cells.get(REAL)).toMatchObject({ status: 'done', stagesDone: 5, stagesReused: 1, f1: 0.5, retrievalHeads: 7, artifacts: { train: `train/${'a'.repeat(64)}` } });
    expect(progressOf('s', at).stages).toMatchObject({ done: 5, reused: 1, ran: 4 });
    // Of 36 seconds each: train, evaluate, score and mask.
    expect(progressOf('s', at).cost).toEqual({ dollars: 0, llmDollars: 0, gpuDollars: null, trainerHours: 0.04 });
    expect(boardMarkdown('s', at)).toContain('| mdqa | tiny | real | done | 5 of 5 | 0.50 | 7 |');
  });

  it('tells what the hours of GPUs cost, where the spec has their price, and all dollars together', () => {
    const [model] = smallSpec().models;
    const at = board({ gpuHourDollars: 2.5, models: [{ ...model!, device: 'cuda' }, { ...model!, model: 'small' }] });
    const ended = (id: string, stage: 'train' | 'score') => {
      const { stages } = at.plan.cells.find((cell) => cell.id === id)!;
      onStageEvent(at, { cell: id, stage, state: 'done', result: { ref: refOf(stages[stage]!), reused: false, summary: {}, seconds: 3600 } });
    };
    ended(REAL, 'train');
    ended(REAL, 'score');
    // Of the other model, on the CPU.
    ended('mdqa/small/real', 'train');
    onSharedDone(at, 'b'.repeat(64), 'texts', { stage: 'write', version: 1, params: {}, inputs: {}, seed: 0 }, { ref: { stage: 'write', key: 'b'.repeat(64) }, reused: false, summary: { dollars: 0.75 }, seconds: 60 });
    const { cost } = SweepProgress.parse(progressOf('s', at));
    expect(cost).toEqual({ dollars: 5.75, llmDollars: 0.75, gpuDollars: 5, trainerHours: 3 });
  });

  it('says that nobody does the trainer jobs, unless there is something more urgent to say', () => {
    const at = board({ conditions: ['real'], baselines: [] });
    expect(isAnythingRunning(at)).toBe(false);
    running(at, REAL, 'train');
    expect(isAnythingRunning(at)).toBe(true);
    at.unattended = 2;
    expect([statusOf(at), progressOf('s', at).waitingFor]).toEqual(['running', 'a worker with a trainer (needlework worker trainer): 2 jobs wait in the queue needlework-gpu, and none listens']);
    done(at, REAL, 'dataset');
    blocked(at, REAL, 'train');
    expect(progressOf('s', at).waitingFor).toContain('retry, skip or finish');
    at.steering = { ...at.steering, paused: true };
    expect(progressOf('s', at).waitingFor).toContain('resume');
  });

  it('sees trainers at work by stages of theirs that get on or end, and by no others', () => {
    const at = board();
    const signs = [trainerSigns(at)];
    const then = (change: () => void) => {
      change();
      signs.push(trainerSigns(at));
    };
    then(() => done(at, REAL, 'dataset'));
    then(() => running(at, REAL, 'train'));
    then(() => onStageEvent(at, { cell: REAL, stage: 'train', state: 'advanced', advance: { phase: 'train', done: 1, total: 9, unit: 'steps', percent: 11, endsAbout: null, metrics: {}, log: [] } }));
    then(() => done(at, REAL, 'train'));
    then(() => done(at, REAL, 'evaluate'));
    expect(signs).toEqual([0, 0, 0, 1, 1, 2]);
  });

  it('shows that a trainer job waits in the queue, how far a stage is and when it will be over', () => {
    const at = board();
    running(at, REAL, 'train');
    expect(boardMarkdown('s', at)).toContain('| train, in the queue |');
    const advance = { phase: 'train', done: 312, total: 400, unit: 'steps', percent: 78, endsAbout: '2026-01-02T14:05:31.000Z', metrics: { loss: 0.413 }, log: ['14:00:00 step 312: loss 0.413'] };
    onStageEvent(at, { cell: REAL, stage: 'train', state: 'advanced', advance });
    expect(SweepProgress.parse(progressOf('s', at)).cells.find(({ id }) => id === REAL)?.running).toEqual({ train: advance });
    expect(boardMarkdown('s', at)).toContain('| train 312 of 400 steps (78 %), loss 0.41, until about 2026-01-02 14:05 UTC |');
    done(at, REAL, 'train');
    // News that were overtaken.
    onStageEvent(at, { cell: REAL, stage: 'train', state: 'advanced', advance });
    running(at, REAL, 'train');
    expect(at.cells.get(REAL)?.running).toEqual({});
  });

  it('shows what is made anew since it has gone, and counts it as done until it could not be', () => {
    const at = board();
    done(at, REAL, 'dataset');
    done(at, REAL, 'train');
    const before = progressOf('s', at).cost.trainerHours;
    onStageEvent(at, { cell: REAL, stage: 'train', state: 'running', again: true });
    expect(at.cells.get(REAL)).toMatchObject({ stagesDone: 2, running: { train: null } });
    expect(boardMarkdown('s', at)).toContain('| train, in the queue (made anew where its artifact is gone) | 2 of 5 |');
    done(at, REAL, 'train');
    expect(at.cells.get(REAL)).toMatchObject({ stagesDone: 2, running: {} });
    expect(progressOf('s', at).cost.trainerHours).toBeCloseTo(before + 0.01, 9);
    for (const reused of [true, false]) {
      onStageEvent(at, { cell: REAL, stage: 'train', state: 'running', again: true });
      if (reused) done(at, REAL, 'train', { reused });
      else onNotMadeAnew(at, REAL, 'train');
      expect([at.cells.get(REAL)?.running, progressOf('s', at).cost.trainerHours]).toEqual([{}, before + 0.01]);
    }
    onStageEvent(at, { cell: REAL, stage: 'train', state: 'running', again: true });
    blocked(at, REAL, 'train');
    expect(at.cells.get(REAL)).toMatchObject({ status: 'blocked', stagesDone: 1, running: {} });
    // Last news that were overtaken by the end.
    onStageEvent(at, { cell: REAL, stage: 'dataset', state: 'running', again: true });
    running(at, REAL, 'patch');
    onCellEnded(at, REAL);
    expect(at.cells.get(REAL)?.running).toEqual({ patch: null });
  });

  it('counts as hours of trainers what trainers made, pretraining among it', () => {
    const at = board();
    const made = (stage: Stage, params: Recipe['params']) =>
      onSharedDone(at, stage.padEnd(64, JSON.stringify(params)), stage, { stage, version: 1, params, inputs: {}, seed: 0 }, { ref: { stage, key: 'a'.repeat(64) }, reused: false, summary: { dollars: 2 }, seconds: 36 });
    made('base', { kind: 'folder' });
    made('source', {});
    made('write', {});
    expect(progressOf('s', at).cost).toMatchObject({ llmDollars: 2, trainerHours: 0 });
    made('base', { kind: 'pretrain' });
    expect(progressOf('s', at).cost.trainerHours).toBe(0.01);
    made('rank', {});
    expect(progressOf('s', at).cost.trainerHours).toBe(0.02);
  });

  it('shows what blocks a cell and what to do about it, until it is tried again', () => {
    const at = board();
    blocked(at, SYMBOLIC, 'train', 'loss is not\na number');
    expect(status(at, SYMBOLIC)).toBe('blocked');
    expect(SweepFailures.parse(failuresOf(at))).toEqual([{ cell: SYMBOLIC, status: 'blocked', ...failure('train', 'loss is not\na number') }]);
    const markdown = boardMarkdown('my-sweep', at);
    expect(markdown).toContain('**blocked** at train');
    expect(markdown).toContain('- loss is not a number. **What to do:** retry');
    expect(markdown).toContain('`temporal workflow update execute --name retry` `--workflow-id my-sweep`');
    running(at, SYMBOLIC, 'train');
    expect([status(at, SYMBOLIC), failuresOf(at)]).toEqual(['running', []]);
  });

  it('shows first how it stands, what blocks, each cause once, and what cells share that is not there yet', () => {
    const at = board();
    done(at, REAL, 'train');
    for (const id of [REAL, SYMBOLIC]) onUnitBlocked(at, id, failure('base', 'tiny: base model, stage base: no such folder'));
    onShared(at, 'b'.repeat(64), 'tiny: base model', { status: 'blocked' });
    onShared(at, 'c'.repeat(64), 'mdqa: low needles', { advance: { phase: 'write', done: 30, total: 400, unit: 'texts', percent: 7.5, endsAbout: null, metrics: {}, log: [] } });
    onShared(at, 'd'.repeat(64), 'mdqa: source rows', { status: 'done' });
    expect(boardMarkdown('my-sweep', at).split('\n').slice(0, 14)).toEqual([
      'Sweep: **running** (2 blocked, 2 waiting)',
      '',
      'Stages: **2** of 15 done, 0 of them reused; 0.00 dollars for texts, 0.0 hours of trainers',
      '',
      '### Blocked',
      '- tiny: base model, stage base: no such folder (stops 2 cells). **What to do:** retry',
      '',
      '`temporal workflow update execute --name retry` `--workflow-id my-sweep` tries all of it again; `skip` and `finish` do without',
      '',
      '### Shared by cells',
      '- tiny: base model: **blocked**',
      '- mdqa: low needles: write 30 of 400 texts (7 %)',
      '',
      '| Task | Model | Condition | Status | Stages | F1 | Heads > 0 |',
    ]);
  });

  it('has no two dollar signs, between which the Temporal UI would set a formula, nor markup of others', () => {
    const at = board({ gpuHourDollars: 2.5 });
    at.phase = 'running';
    at.waitingForMoney = 'spent $1.00 of $1.00 of *all*';
    onUnitBlocked(at, REAL, failure('train', 'costs $2 or $3, <b>says</b> `it`'));
    const text = boardMarkdown('s', at);
    expect(text.match(/(?<!\\)\$/g)).toBeNull();
    expect(text).toContain('spent \\$1.00 of \\$1.00 of \\*all\\*');
    expect(text).toContain('- costs \\$2 or \\$3, \\<b>says\\</b> \\`it\\`.');
    expect(text).toContain('0.00 dollars for texts, 0.0 hours of trainers (0.00 dollars)');
  });

  it('keeps a given-up cell so, whatever it still finishes, with every reason', () => {
    const at = board();
    onUnitGivenUp(at, SYMBOLIC, [failure('evaluate', 'first')], 'failed');
    running(at, SYMBOLIC, 'score');
    done(at, SYMBOLIC, 'score');
    onUnitGivenUp(at, SYMBOLIC, [failure('patch', 'second')], 'skipped');
    expect(at.cells.get(SYMBOLIC)).toMatchObject({ status: 'failed', failures: [{ message: 'first' }, { message: 'second' }] });
    expect([hasFinished(at, SYMBOLIC, 'score'), hasFinished(at, SYMBOLIC, 'evaluate'), hasFinished(at, 'other', 'score')]).toEqual([true, false, false]);
  });

  it('is done with a cell of which the last stage was given up', () => {
    const at = board({ patch: {} });
    for (const stage of ['dataset', 'train', 'evaluate', 'score', 'mask'] as const) done(at, SYMBOLIC, stage);
    expect(status(at, SYMBOLIC)).not.toBe('done');
    onStageGivenUp(at, SYMBOLIC, 'patch');
    expect(at.cells.get(SYMBOLIC)).toMatchObject({ status: 'done', stagesDone: 5, stagesTotal: 5 });
  });

  it('tells the state of every stage of the plan', () => {
    const at = board({ patch: {} });
    done(at, REAL, 'dataset');
    running(at, REAL, 'train');
    blocked(at, SYMBOLIC, 'dataset');
    onUnitGivenUp(at, 'mdqa/tiny/untuned', [failure('evaluate')], 'skipped');
    const { units } = SweepPlan.parse(planOf(at));
    const states = (id: string) => Object.fromEntries(units.find((unit) => unit.id === id)!.stages.map(({ role, state }) => [role, state]));
    expect(states(REAL)).toMatchObject({ source: 'waiting', dataset: 'done', train: 'running', mask: 'waiting' });
    expect(states(SYMBOLIC)).toMatchObject({ dataset: 'blocked', patch: 'waiting' });
    expect(states('mdqa/tiny/untuned')).toMatchObject({ evaluate: 'given up' });
    const patch = units.find(({ id }) => id === SYMBOLIC)!.stages.find(({ role }) => role === 'patch')!;
    const realTrain = artifactKey(at.plan.cells.find(({ id }) => id === REAL)!.stages.train!);
    expect(patch.needs).toContain(realTrain);
  });
});

describe('the status of a sweep', () => {
  const finishBaselines = (at: Board) => {
    for (const baseline of ['untuned', 'untuned-scaled']) done(at, `mdqa/tiny/${baseline}`, 'evaluate');
  };
  const finish = (at: Board, cell: string, ...stages: Stage[]) => {
    for (const stage of stages) done(at, cell, stage);
  };

  it('is blocked only when nothing can go on without a person', () => {
    const at = board({ patch: {} });
    finishBaselines(at);
    finish(at, REAL, 'dataset');
    blocked(at, REAL, 'train');
    expect(statusOf(at), 'the other cell has not begun').toBe('running');
    finish(at, SYMBOLIC, 'dataset', 'train', 'evaluate', 'score');
    expect(statusOf(at), 'the other cell has its masking to do').toBe('running');
    finish(at, SYMBOLIC, 'mask');
    // Its patching rests on the blocked training.
    expect(statusOf(at)).toBe('blocked');
    expect(progressOf('s', at).waitingFor).toBe('the update retry, skip or finish: 1 cell is blocked, and nothing else is left to do');
    onUnitRetried(at, REAL);
    expect(statusOf(at)).toBe('running');
  });

  it('is running while a blocked cell still does something else', () => {
    const at = board();
    finishBaselines(at);
    finish(at, REAL, 'dataset', 'train', 'evaluate', 'score', 'mask');
    onCellStarted(at, SYMBOLIC, 'w');
    finish(at, SYMBOLIC, 'dataset', 'train');
    blocked(at, SYMBOLIC, 'evaluate');
    expect(statusOf(at), 'between scoring and masking').toBe('running');
    finish(at, SYMBOLIC, 'score');
    running(at, SYMBOLIC, 'mask');
    expect(statusOf(at)).toBe('running');
    done(at, SYMBOLIC, 'mask');
    expect(statusOf(at)).toBe('blocked');
  });

  it('is blocked where all cells wait for what they share', () => {
    const at = board();
    onShared(at, 'b'.repeat(64), 'source rows', { status: 'running' });
    for (const id of at.cells.keys()) onUnitBlocked(at, id, failure('source'));
    expect(statusOf(at)).toBe('running');
    onShared(at, 'b'.repeat(64), 'source rows', { status: 'blocked' });
    expect(statusOf(at)).toBe('blocked');
  });

  it('is paused by a person, or at the cost ceiling, whatever else', () => {
    const at = board();
    at.waitingForMoney = 'spent $1.00 of $1.00';
    expect([statusOf(at), progressOf('s', at).waitingFor]).toEqual(['paused', 'spent $1.00 of $1.00']);
    at.steering = { ...at.steering, paused: true };
    expect(progressOf('s', at).waitingFor).toContain('resume');
  });
});
