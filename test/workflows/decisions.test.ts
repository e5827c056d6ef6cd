import { describe, expect, it } from 'vitest';
import type { Recipe } from '#workflows/contracts/artifacts.ts';
import { parseSweepSpec } from '#workflows/contracts/parse.ts';
import type { SweepSpecInput } from '#workflows/contracts/spec.ts';
import { decisions, settled, type StageState } from '#workflows/plan/decisions.ts';
import { forceOf, planRun, soughtFor } from '#workflows/plan/filters.ts';
import { artifactKey, refOf } from '#workflows/plan/keys.ts';
import { type CellPlan, type Plan, planSweep } from '#workflows/plan/plan.ts';
import { problemsFrom, problemsWith, SMALL_FINGERPRINTS, smallSpec } from '../support/spec.ts';

const [REAL, SYMBOLIC] = ['mdqa/tiny/real', 'mdqa/tiny/symbolic'];

function plans(changes: Partial<SweepSpecInput>) {
  const spec = parseSweepSpec(smallSpec({ patch: {}, ...changes }));
  const whole = planSweep(spec, SMALL_FINGERPRINTS);
  return { whole, run: planRun(whole, spec) };
}

const cellOf = ({ cells }: Plan, id: string) => cells.find((cell) => cell.id === id)!;
const key = (cell: CellPlan, role: string) => artifactKey(({ ...cell.shared, ...cell.stages } as Record<string, Recipe>)[role]!);
const stagesOf = ({ cells, baselines }: Plan) => Object.fromEntries([...baselines, ...cells].map(({ id, stages }) => [id, Object.keys(stages).join(' ')]));

describe('only', () => {
  it('selects stages with what they rest on, in the real cell, too', () => {
    expect(stagesOf(plans({ only: [{ condition: 'symbolic', stage: 'mask' }] }).run)).toEqual({ [SYMBOLIC]: 'dataset train score mask' });
    expect(stagesOf(plans({ only: ['patch'] }).run)).toEqual({ [REAL]: 'dataset train score', [SYMBOLIC]: 'dataset train score patch' });
    expect(stagesOf(plans({ only: [{ condition: ['real', 'untuned'] }] }).run)).toEqual({ 'mdqa/tiny/untuned': 'evaluate', [REAL]: 'dataset train evaluate score mask' });
    expect(stagesOf(plans({ seeds: [1, 2], only: [{ seed: 2, stage: 'train' }] }).run)).toEqual({ [`${REAL}/seed-2`]: 'dataset train', [`${SYMBOLIC}/seed-2`]: 'dataset train' });
  });

  it('changes no key, and refuses to select nothing', () => {
    const { whole, run } = plans({ only: ['evaluate'] });
    expect(key(cellOf(run, REAL), 'evaluate')).toBe(key(cellOf(whole, REAL), 'evaluate'));
    expect(problemsWith({ only: ['patch'] })).toEqual(['only: found nothing of the grid selected, allowed: at least one stage that the sweep has']);
    expect(problemsWith({ only: [{ model: 'other' }] })).toEqual(['only[0].model: found "other", allowed: what this sweep has ("tiny")']);
    expect(problemsWith({ only: [{ condition: 'lowly' }] as never })).toEqual([expect.stringMatching(/^only\[0\]\.condition: found "lowly", allowed: "real", /)]);
    expect(problemsWith({ only: [{ stage: 'tran' }, { conditions: 'real' }] as never })).toEqual([expect.stringMatching(/^only\[0\]\.stage: found "tran", allowed: "dataset", "train", /), 'only[1].conditions: found an unknown key, allowed: task, model, condition, variant, seed, stage']);
    expect(problemsWith({ force: { label: 'x', stages: [{ condition: 'low/low' }, 'report'] } as never })).toEqual([expect.stringMatching(/^force\.stages\[1\]: found "report", allowed: "source", "rank", "base", "test", "write", "dataset"/)]);
    expect(problemsWith({ force: { label: 'x', stages: [{ condition: 'low/low' }] } })).toEqual([expect.stringMatching(/^force\.stages\[0\]\.condition: found "low\/low"/)]);
  });
});

describe('force', () => {
  const forced = (stages: NonNullable<SweepSpecInput['force']>['stages'], changes: Partial<SweepSpecInput> = {}) => {
    const { whole, run } = plans({ force: { label: 'again', stages }, ...changes });
    const marked = soughtFor(whole, run).filter(({ force }) => force === 'again').map(({ key: found }) => found);
    const names = new Map(run.cells.flatMap((cell) => Object.entries<Recipe>({ ...cell.shared, ...cell.stages }).map(([role, recipe]) => [artifactKey(recipe), `${role in cell.shared ? 'shared' : cell.condition}: ${role}`] as const)));
    return { run, names: marked.map((found) => names.get(found) ?? 'baseline') };
  };

  it('marks a cell’s own stages, and shared ones only by name, for all cells that rest on them', () => {
    expect(forced([{ condition: 'symbolic' }]).names).toEqual(['symbolic: dataset', 'symbolic: train', 'symbolic: evaluate', 'symbolic: score', 'symbolic: mask', 'symbolic: patch']);
    expect(forced(['evaluate']).names).toEqual(['baseline', 'baseline', 'real: evaluate', 'symbolic: evaluate']);
    const { run, names } = forced([{ condition: 'real', stage: ['source', 'test'] }]);
    expect(names).toEqual(['shared: source', 'shared: test']);
    expect(forceOf(run, cellOf(run, SYMBOLIC).shared.source), 'whichever cell asks').toBe('again');
    expect(cellOf(run, SYMBOLIC).force).toBeUndefined();
    expect(cellOf(forced([{ condition: 'symbolic', stage: ['train', 'mask'] }]).run, SYMBOLIC).force).toEqual({ label: 'again', stages: ['train', 'mask'] });
  });

  it('makes nothing anew that is no part of the run', () => {
    expect(forced(['train'], { only: [{ condition: 'real', stage: 'train' }] }).names).toEqual(['real: train']);
  });

  it('is refused where it names what the run does not have, and so would do nothing', () => {
    const refused = (...given: Parameters<typeof forced>) => problemsFrom(() => forced(...given));
    const only: SweepSpecInput['only'] = [{ condition: 'real', stage: 'score' }];
    expect(refused(['mask'], { only })).toEqual(['force.stages[0]: found "mask", but "only" leaves it out of this run; allowed: "source", "base", "test", "dataset", "train", "score"']);
    expect(refused(['train', { condition: 'real', stage: ['score', 'evaluate'] }], { only })).toEqual(['force.stages[1].stage: found "evaluate", but "only" leaves it out of this run; allowed: "source", "base", "test", "dataset", "train", "score"']);
    expect(refused([{ condition: 'symbolic' }], { only })).toEqual(['force.stages[0]: found {"condition":"symbolic"}, but "only" leaves it out of this run; allowed: cells of this run']);
    expect(refused([{ condition: 'untuned', stage: 'mask' }, 'rank'])).toEqual([
      'force.stages[0].stage: found "mask", but the sweep has none; allowed: "source", "base", "test", "evaluate"',
      expect.stringMatching(/^force\.stages\[1\]: found "rank", but the sweep has none; allowed: /),
    ]);
    expect(refused(['base', { condition: 'real' }], { only })).toEqual([]);
  });
});

describe('what becomes of each stage', () => {
  const { whole, run } = plans({ force: { label: 'again', stages: [{ stage: 'train', condition: 'real' }] } });
  const [real, symbolic] = [cellOf(run, REAL), cellOf(run, SYMBOLIC)];
  const states = (changes: Record<string, StageState>) => new Map<string, StageState>([...soughtFor(whole, run).map(({ key: found }) => [found, { state: 'finished' }] as const), ...Object.entries(changes)]);

  it('says why: missing, forced, or resting on what was made anew', () => {
    const decided = decisions(whole, run, states({ [key(real, 'train')]: { state: 'forced' }, [key(symbolic, 'dataset')]: { state: 'missing' }, [key(symbolic, 'mask')]: { state: 'outdated', inputs: ['score', 'score'] } }));
    expect(decided.get(key(real, 'source'))).toEqual({ does: 'reuse', why: 'there' });
    expect(decided.get(key(real, 'train'))).toEqual({ does: 'make', why: 'forced (again)' });
    expect(decided.get(key(real, 'mask'))).toEqual({ does: 'check', why: 'there, made anew if train or score comes out different' });
    expect(decided.get(key(symbolic, 'dataset'))).toEqual({ does: 'make', why: 'missing' });
    expect(decided.get(key(symbolic, 'mask'))).toEqual({ does: 'make', why: 'outdated (score made anew since, with other contents)' });
    expect(decided.get(key(symbolic, 'patch'))).toMatchObject({ does: 'check' });
    const part = plans({ force: { label: 'again', stages: ['train'] }, only: [{ condition: 'real', stage: 'train' }] });
    const ofPart = decisions(part.whole, part.run, states({ [key(real, 'train')]: { state: 'forced' } }));
    expect(ofPart.get(key(real, 'train'))).toEqual({ does: 'make', why: 'forced (again)' });
    expect(ofPart.get(key(symbolic, 'train'))).toEqual({ does: 'reuse', why: 'there, and not forced (again), since it is not part of this run (only)' });
  });

  it('leaves alone what is no part of the run', () => {
    const part = plans({ only: [{ condition: 'real', stage: 'train' }] });
    const decided = decisions(part.whole, part.run, states({ [key(symbolic, 'train')]: { state: 'missing' } }));
    expect(decided.get(key(real, 'train'))).toEqual({ does: 'reuse', why: 'there' });
    expect(decided.get(key(symbolic, 'train'))).toEqual({ does: 'leave', why: 'missing, but not part of this run (only)' });
  });

  it('takes as settled only what rests on nothing that is yet to be made', () => {
    const all = Object.fromEntries(soughtFor(whole, whole).map(({ force: _, ...ref }) => [ref.key, { ref, reused: true, summary: {} }]));
    expect(settled(whole, all)).toEqual(all);
    const { [key(real, 'train')]: _, ...found } = all;
    const left = settled(whole, found);
    const gone = Object.keys(all).filter((one) => !(one in left));
    expect(new Set(gone)).toEqual(new Set([...['train', 'evaluate', 'score', 'mask'].map((role) => key(real, role)), key(symbolic, 'patch')]));
    expect(refOf(real.stages.dataset).key in left).toBe(true);
  });
});
