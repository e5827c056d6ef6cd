import { describe, expect, it } from 'vitest';
import { planAdvice } from '#workflows/plan/advice.ts';
import { planSweep, recipesOf, unitsOf } from '#workflows/plan/plan.ts';
import { parseSweepSpec } from '#workflows/contracts/parse.ts';
import { artifactKey } from '#workflows/plan/keys.ts';
import { ANY_FINGERPRINTS, problemsFrom, smallSpec } from '../support/spec.ts';

const small = smallSpec();
const advice = (changes: object = {}) => ({
  name: 'which',
  task: small.tasks[0]!,
  model: small.models[0]!,
  candidates: ['low/low', { name: 'mine', examples: 'mine.jsonl' }, 'symbolic'],
  ...changes,
});
const problems = (changes: object) => problemsFrom(() => planAdvice(advice(changes)));

describe('planAdvice', () => {
  it('makes a sweep of the conditions and one of each file, in which nothing is evaluated', () => {
    const { sweeps, real, candidates } = planAdvice(advice());
    expect(sweeps.map(({ workflowId, spec }) => [workflowId, spec.tasks[0]!.source.kind, spec.conditions])).toEqual([
      ['which', 'miniature', ['real', 'low/low', 'symbolic']],
      ['which.mine', 'examples', ['real']],
    ]);
    expect(real).toEqual({ name: 'real', sweep: 'which', condition: 'real' });
    expect(candidates).toEqual([
      { name: 'low/low', sweep: 'which', condition: 'low/low' },
      { name: 'mine', sweep: 'which.mine', condition: 'real' },
      { name: 'symbolic', sweep: 'which', condition: 'symbolic' },
    ]);
    const stages = sweeps.flatMap(({ spec }) => unitsOf(planSweep(spec, ANY_FINGERPRINTS)).flatMap((unit) => Object.keys(unit.stages)));
    expect([...new Set(stages)]).toEqual(['dataset', 'train', 'score']);
    expect(sweeps.flatMap(({ spec }) => unitsOf(planSweep(spec, ANY_FINGERPRINTS)).flatMap((unit) => Object.keys(unit.shared)))).not.toContain('test');
  });

  it('trains and scores what a sweep over the same would: nothing is done twice', () => {
    const whole = planSweep(parseSweepSpec(smallSpec({ conditions: ['real', 'low/low', 'symbolic'] })), ANY_FINGERPRINTS);
    const there = new Set(unitsOf(whole).flatMap(recipesOf).map(artifactKey));
    const { cells } = planSweep(planAdvice(advice()).sweeps[0]!.spec, ANY_FINGERPRINTS);
    expect(cells.flatMap(recipesOf).every((recipe) => there.has(artifactKey(recipe)))).toBe(true);
  });

  it('takes the real data from a file, too, and then needs no source', () => {
    const { source: _, ...task } = small.tasks[0]!;
    const { sweeps, real } = planAdvice(advice({ task, real: { examples: 'few.jsonl' }, candidates: [{ name: 'mine', examples: 'mine.jsonl' }], given: { total: 30, validationShare: 0.5 } }));
    expect(sweeps.map(({ workflowId }) => workflowId)).toEqual(['which.real', 'which.mine']);
    expect(sweeps[0]!.spec.tasks[0]!.examples).toMatchObject({ total: 30, validationShare: 0.5 });
    expect(real).toEqual({ name: 'real', sweep: 'which.real', condition: 'real' });
  });

  it('leaves the paper’s sizes to each task', () => {
    const { sweeps } = planAdvice(advice({ task: { task: 'musique', source: { kind: 'miniature' } }, candidates: ['symbolic'] }));
    expect(sweeps[0]!.spec.tasks[0]!.examples.total).toBe(400);
  });

  it.each([
    ['an unknown field', { models: [] }, /models: found an unknown key, allowed: name, description/],
    ['a candidate that is none', { candidates: ['reel'] }, /candidates\[0\]: found "reel", allowed: "limited", .*"symbolic"/],
    ['real data among the candidates', { candidates: ['real'] }, /candidates\[0\]: found "real", allowed: "limited"/],
    ['the same candidate twice', { candidates: ['symbolic', 'symbolic'] }, /candidates\[1\]: found "symbolic" a second time, allowed: each once/],
    ['a name that is taken', { candidates: [{ name: 'real', examples: 'mine.jsonl' }] }, /candidates: found the name "real", allowed: any other/],
    ['no source for a condition', { task: { task: 'mdqa' } }, /task\.source: found nothing, needed by "real", "low\/low", "symbolic"; allowed: a source of the task/],
    ['no candidates', { candidates: [] }, /candidates: found \[\], allowed: at least 1 elements/],
    ['a condition that wants a writer', { task: { task: 'mdqa', source: { kind: 'nq-open', questions: 'q.jsonl' } } }, /write: found nothing, needed by condition "low\/low"/],
    ['a source of finished examples', { task: { task: 'mdqa', source: { kind: 'examples', examples: 'x.jsonl' } }, candidates: ['symbolic'] }, /task\.source\.kind: found "examples", allowed: a source that conditions are made from/],
  ])('refuses %s', (_, changes, problem) => {
    expect(problems(changes).join('\n')).toMatch(problem);
  });
});
