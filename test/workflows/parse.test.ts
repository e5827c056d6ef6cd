import { describe, expect, it } from 'vitest';
import { InvalidInput, parseSweepSpec } from '#workflows/contracts/parse.ts';
import { exampleSpec, smallSpec } from '../support/spec.ts';

function problemsOf(value: unknown): readonly string[] {
  try {
    parseSweepSpec(value);
  } catch (error) {
    if (error instanceof InvalidInput) return error.problems;
    throw error;
  }
  return [];
}

describe('parseSweepSpec', () => {
  it.each(['quickstart.json', 'mdqa-nq.json'])('accepts examples/%s', (name) => {
    expect(parseSweepSpec(exampleSpec(name)).name).toBe(name.replace('.json', ''));
  });

  it('fills in the paper’s settings where the spec says nothing', () => {
    const spec = parseSweepSpec({ ...smallSpec(), tasks: [{ task: 'mdqa', source: { kind: 'miniature' } }] });
    expect(spec.tasks[0]?.examples).toEqual({ total: 1400, validationShare: 0.1, test: 200 });
    expect(spec.train).toMatchObject({ loraRank: 8, loraAlpha: 8, batchSize: 1, accumulationSteps: 4, targetModules: 'attention', loss: 'answer' });
    expect(spec.baselines).toEqual(['untuned', 'untuned-scaled']);
  });

  it('names the field, what was found and what is allowed', () => {
    const { tasks, models } = smallSpec();
    const cases: [unknown, string][] = [
      [{ ...smallSpec(), tasks: [{ ...tasks[0], task: 'mdq' }] }, 'tasks[0].task: found "mdq", allowed: "mdqa", "musique", "summhay"'],
      [{ ...smallSpec(), tasks: [{ ...tasks[0], contextTokens: -5 }] }, 'tasks[0].contextTokens: found -5, allowed: at least 64'],
      [{ ...smallSpec(), condtions: [] }, 'condtions: found an unknown key, allowed: name, description, seed, tasks, models, conditions, baselines, train, evaluate, score, mask'],
      [{ ...smallSpec(), tasks: [{ ...tasks[0], source: { kind: 'nq-open', questions: 'q.jsonl', pol: 'p.jsonl' } }] }, 'tasks[0].source.pol: found an unknown key, allowed: kind, questions, questionsSha256, pool, poolSha256'],
      [{ ...smallSpec(), train: { learningrate: 1 } }, 'train.learningrate: found an unknown key, allowed: loraRank, loraAlpha, targetModules, learningRate, schedule, warmupShare, epochs, batchSize, accumulationSteps, maxGradNorm, loss'],
      [{ ...smallSpec(), conditions: ['low/hihg'] }, 'conditions[0]: found "low/hihg", allowed: "real", "limited", "high/high", "high/low", "low/high", "low/low", "symbolic"'],
      [{ ...smallSpec(), models: [{ ...models[0], ropeTheta: undefined }] }, 'models[0].ropeTheta: found nothing, allowed: a value of type number'],
      [{ ...smallSpec(), conditions: ['real', 'real'] }, 'conditions[1]: found "real" a second time, allowed: each name once'],
      [{ ...smallSpec(), models: [{ ...models[0], base: { kind: 'pretrain', corpus: 'musique' } }] }, 'models[0].base.corpus: found "musique", allowed: a task of this sweep (mdqa)'],
      [{ ...smallSpec(), score: { decode: 'teacher-forced', gate: 'correct' } }, 'score.gate: found "correct", allowed with score.decode "teacher-forced": "none" (a forced answer is neither right nor wrong)'],
      [{ ...smallSpec(), models: [{ ...models[0], base: { kind: 'pretrain', corpus: 'mdqa', layers: 1, seededInduction: true } }] }, 'models[0].base.layers: found 1, allowed: at least 2, for an induction circuit'],
      [{ ...smallSpec(), models: [{ ...models[0], base: { kind: 'pretrain', corpus: 'mdqa', hiddenSize: 20 } }] }, 'models[0].base.hiddenSize: found 20, allowed: a multiple of 16 (an even width for each of 8 heads)'],
      [{ ...smallSpec(), models: [{ ...models[0], base: { kind: 'pretrain', corpus: 'mdqa', keyValueHeads: 3 } }] }, 'models[0].base.keyValueHeads: found 3, allowed: a divisor of attentionHeads (8)'],
      ['quickstart', '(top level): found "quickstart", allowed: a value of type object'],
    ];
    for (const [value, problem] of cases) expect(problemsOf(value)).toContain(problem);
  });

  it('reports every problem at once', () => {
    expect(problemsOf({ ...smallSpec(), seed: -1, sed: 2, conditions: [] })).toHaveLength(3);
  });

  it('refuses a validation share that leaves nothing on one side', () => {
    const { tasks } = smallSpec();
    expect(problemsOf({ ...smallSpec(), tasks: [{ ...tasks[0], examples: { total: 4, validationShare: 0.01, test: 1 } }] })[0]).toMatch(/^tasks\[0\]\.examples\.validationShare: found 0\.01 of 4/);
  });
});
