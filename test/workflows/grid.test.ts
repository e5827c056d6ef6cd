import { describe, expect, it } from 'vitest';
import type { Recipe } from '#workflows/contracts/artifacts.ts';
import { parseSweepSpec } from '#workflows/contracts/parse.ts';
import type { SweepSpecInput } from '#workflows/contracts/spec.ts';
import { cellLabel } from '#workflows/ids.ts';
import { gridOf } from '#workflows/plan/grid.ts';
import { artifactKey, refOf } from '#workflows/plan/keys.ts';
import { type CellPlan, planSweep, realCellOf, refsOf } from '#workflows/plan/plan.ts';
import { problemsWith, SMALL_FINGERPRINTS, smallSpec } from '../support/spec.ts';

const ALL = { variant: 'all-modules', train: { targetModules: 'all' as const } };
const models = [smallSpec().models[0]!, { ...smallSpec().models[0]!, model: 'other', ropeTheta: 90_000 }];

const plan = (changes: Partial<SweepSpecInput>) => planSweep(parseSweepSpec(smallSpec(changes)), SMALL_FINGERPRINTS);
const ids = (changes: Partial<SweepSpecInput>) => plan(changes).cells.map(({ id }) => id);
const keys = ({ shared, stages }: CellPlan) => Object.fromEntries(Object.entries<Recipe>({ ...shared, ...stages }).map(([role, recipe]) => [role, artifactKey(recipe)]));

describe('variants', () => {
  it('are cells of their own, which share everything but the tuning and what rests on it', () => {
    const { cells, baselines } = plan({ variants: [ALL], patch: {} });
    expect(cells.map(({ id }) => id)).toEqual(['mdqa/tiny/real', 'mdqa/tiny/symbolic', 'mdqa/tiny/real/all-modules', 'mdqa/tiny/symbolic/all-modules']);
    expect(baselines.map(({ id }) => id), 'once').toEqual(['mdqa/tiny/untuned', 'mdqa/tiny/untuned-scaled']);
    const [plain, variant] = [keys(cells[1]!), keys(cells[3]!)];
    const same = Object.keys(plain).filter((role) => plain[role] === variant[role]);
    expect(same).toEqual(['source', 'base', 'test', 'dataset']);
    expect(cells[3]!.stages.train!.params.train).toMatchObject({ targetModules: 'all', loraRank: 8 });
    expect(cellLabel(cells[3]!)).toBe('mdqa × tiny × symbolic × all-modules');
  });

  it('leave the other cells as they are', () => {
    const alone = plan({ patch: {} }).cells.map(keys);
    expect(plan({ patch: {}, variants: [ALL], seeds: [0, 1] }).cells.filter(({ variant, seed }) => variant === null && seed === 0).map(keys)).toEqual(alone);
  });

  it('are patched from the real cell that was tuned in the same way', () => {
    const planned = plan({ variants: [ALL], seeds: [1, 2], patch: {}, models });
    for (const cell of planned.cells.filter(({ stages }) => stages.patch)) {
      const real = realCellOf(planned, cell)!;
      expect([real.model, real.variant, real.seed]).toEqual([cell.model, cell.variant, cell.seed]);
      expect(cell.stages.patch!.inputs).toMatchObject({ realAdapter: refOf(real.stages.train!), realScores: refOf(real.stages.score!) });
    }
    expect(planned.cells.filter(({ stages }) => stages.patch)).toHaveLength(8);
  });

  it('are refused where they change nothing, have a name twice, or that of a seed', () => {
    expect(problemsWith({ variants: [{ variant: 'none', train: {} }] })).toEqual(['variants[0].train: found {}, allowed: at least one setting of train that differs']);
    expect(problemsWith({ variants: [ALL, ALL] })).toEqual(['variants[1]: found "all-modules" a second time, allowed: each name once']);
    expect(problemsWith({ variants: [{ ...ALL, variant: 'seed-2' }] })).toEqual(['variants[0].variant: found "seed-2", allowed: must not be what cells of a seed are called']);
    expect(problemsWith({ variants: [{ variant: 'x', train: { rank: 3 } as object }] })[0]).toMatch(/^variants\[0\]\.train\.rank: found an unknown key, allowed: loraRank, /);
  });
});

describe('seeds', () => {
  it('are cells of their own over the same data, which is made once', () => {
    const { cells, baselines } = plan({ seed: 5, seeds: [1, 2, 3], conditions: ['real'] });
    expect(cells.map(({ id, seed }) => [id, seed])).toEqual([1, 2, 3].map((seed) => [`mdqa/tiny/real/seed-${seed}`, seed]));
    expect(baselines).toHaveLength(2);
    const all = cells.map(keys);
    for (const role of ['source', 'base', 'test', 'dataset']) expect(new Set(all.map((of) => of[role])).size, role).toBe(1);
    for (const role of ['train', 'evaluate', 'score', 'mask']) expect(new Set(all.map((of) => of[role])).size, role).toBe(3);
    expect(cells.map(({ stages: { dataset, train, mask } }) => [dataset, train!, mask!].map(({ seed }) => seed))).toEqual([[5, 1, 1], [5, 2, 2], [5, 3, 3]]);
    expect(cellLabel(cells[1]!)).toBe('mdqa × tiny × real × seed 2');
  });

  it('make of one seed the cells that there were without a list', () => {
    const before = plan({ seed: 7, patch: {} });
    const after = plan({ seed: 7, seeds: [7], patch: {} });
    expect(after.cells).toEqual(before.cells);
    expect(refsOf([...after.cells, ...after.baselines])).toEqual(refsOf([...before.cells, ...before.baselines]));
    expect(problemsWith({ seeds: [1, 1] })).toEqual(['seeds[1]: found 1 a second time, allowed: each number once']);
  });
});

describe('limited subsets', () => {
  const tasks = [...smallSpec().tasks, { ...smallSpec().tasks[0]!, task: 'musique' as const }];

  it('are what the task’s own choice makes them, under names of their own', () => {
    const named = plan({ conditions: ['limited-L1', 'limited-L2', 'limited-L3'] }).cells.map(keys);
    expect(named).toEqual((['L1', 'L2', 'L3'] as const).map((limited) => keys(plan({ tasks: [{ ...smallSpec().tasks[0]!, limited }], conditions: ['limited'] }).cells[0]!)));
    expect(problemsWith({ conditions: ['limited', 'limited-L1'] })).toEqual(['tasks[0].limited: found "L1", allowed beside condition "limited-L1": another subset (or no condition "limited")']);
    expect(problemsWith({ conditions: ['limited', 'limited-L2'] })).toEqual([]);
  });

  it('are MDQA’s alone, and other tasks say so unless the cells were left out', () => {
    const asked = { tasks, conditions: ['limited' as const, 'limited-L2' as const] };
    expect(plan(asked).cells.map(({ id }) => id)).toEqual(['mdqa/tiny/limited', 'mdqa/tiny/limited-L2', 'musique/tiny/limited']);
    expect(plan(asked).skipped).toEqual({ 'musique/tiny/limited-L2': 'MuSiQue has one limited subset, condition "limited" (paper, appendix C.1)' });
    expect(plan({ ...asked, leaveOut: [{ task: 'musique', condition: 'limited-L2' }] }).skipped).toEqual({});
  });
});

describe('leaveOut', () => {
  const stages = (changes: Partial<SweepSpecInput>) => Object.fromEntries(plan(changes).cells.map(({ id, stages: of }) => [id, Object.keys(of).join(' ')]));

  it('leaves out whole cells and baselines', () => {
    expect(ids({ models, variants: [ALL], leaveOut: [{ variant: 'all-modules', model: 'other' }] })).toEqual([
      'mdqa/tiny/real', 'mdqa/tiny/symbolic', 'mdqa/tiny/real/all-modules', 'mdqa/tiny/symbolic/all-modules', 'mdqa/other/real', 'mdqa/other/symbolic',
    ]);
    expect(ids({ models, variants: [ALL], leaveOut: [{ variant: null }, { model: 'other', condition: ['real'] }] })).toEqual(['mdqa/tiny/real/all-modules', 'mdqa/tiny/symbolic/all-modules', 'mdqa/other/symbolic/all-modules']);
    expect(ids({ seeds: [1, 2], leaveOut: [{ seed: 2, condition: 'symbolic' }] })).toEqual(['mdqa/tiny/real/seed-1', 'mdqa/tiny/symbolic/seed-1', 'mdqa/tiny/real/seed-2']);
    expect(plan({ leaveOut: [{ condition: 'untuned' }, { variant: null, condition: 'symbolic' }] }).baselines.map(({ id }) => id), 'no variant, not even none').toEqual(['mdqa/tiny/untuned-scaled']);
    expect(gridOf(parseSweepSpec(smallSpec({ models, leaveOut: [{ model: 'other' }] }))).map(({ model: { model } }) => model)).toEqual(['tiny']);
  });

  it('leaves out stages, everywhere or in some cells, and changes no key of the others', () => {
    expect(stages({ patch: {}, leaveOut: ['mask', 'patch'] })).toEqual({ 'mdqa/tiny/real': 'dataset train evaluate score', 'mdqa/tiny/symbolic': 'dataset train evaluate score' });
    expect(stages({ patch: {}, leaveOut: [{ stage: ['mask', 'patch'], condition: 'symbolic' }] })).toEqual({ 'mdqa/tiny/real': 'dataset train evaluate score mask', 'mdqa/tiny/symbolic': 'dataset train evaluate score' });
    const [whole, part] = [plan({}).cells[0]!, plan({ leaveOut: ['mask'] }).cells[0]!].map(keys);
    expect(whole).toMatchObject(part!);
  });

  it('may leave nothing but data, and then no test split either', () => {
    const { cells, baselines } = plan({ leaveOut: ['train', 'evaluate', 'score', 'mask'] });
    expect(baselines).toEqual([]);
    expect(Object.keys(keys(cells[0]!))).toEqual(['source', 'base', 'dataset']);
  });

  it('refuses to leave out what something else rests on', () => {
    expect(problemsWith({ leaveOut: ['score'] })).toEqual(['leaveOut: found "score" left out, but not "mask" of mdqa/tiny/real, which rests on it; allowed: both or neither']);
    expect(problemsWith({ leaveOut: [{ stage: 'train', condition: 'symbolic' }] })).toEqual([
      'leaveOut: found "train" left out, but not "evaluate" of mdqa/tiny/symbolic, which rests on it; allowed: both or neither',
      'leaveOut: found "train" left out, but not "score" of mdqa/tiny/symbolic, which rests on it; allowed: both or neither',
    ]);
    expect(problemsWith({ patch: {}, variants: [ALL], leaveOut: [{ variant: 'all-modules', condition: 'real' }] })).toEqual(['leaveOut: found the real cell left out, but not "patch" of mdqa/tiny/symbolic/all-modules, which rests on it; allowed: both or neither']);
    expect(problemsWith({ patch: {}, leaveOut: [{ stage: ['score', 'mask'], condition: 'real' }] })).toEqual(['leaveOut: found "score" of the real cell left out, but not "patch" of mdqa/tiny/symbolic, which rests on it; allowed: both or neither']);
  });

  it('refuses what the grid does not have, and to leave nothing', () => {
    expect(problemsWith({ leaveOut: [{ model: 'tinny', condition: ['real', 'low/low'] }, { variant: 'all' }, { seed: 4 }] })).toEqual([
      'leaveOut[0].model: found "tinny", allowed: what this sweep has ("tiny")',
      'leaveOut[0].condition: found "low/low", allowed: what this sweep has ("real", "symbolic", "untuned", "untuned-scaled")',
      'leaveOut[1].variant: found "all", allowed: what this sweep has (null)',
      'leaveOut[2].seed: found 4, allowed: what this sweep has (0)',
    ]);
    expect(problemsWith({ leaveOut: [{}] })).toEqual(['leaveOut: found everything left out, allowed: to leave at least one cell or baseline']);
    expect(problemsWith({ leaveOut: ['report'] as never })).toEqual(['leaveOut[0]: found "report", allowed: "train", "evaluate", "score", "mask", "patch"']);
    expect(problemsWith({ leaveOut: [{ stages: 'mask' }] as never })).toEqual(['leaveOut[0].stages: found an unknown key, allowed: task, model, condition, variant, seed, stage']);
  });
});
