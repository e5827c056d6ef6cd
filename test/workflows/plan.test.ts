import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Recipe } from '#workflows/contracts/artifacts.ts';
import { parseSweepSpec } from '#workflows/contracts/parse.ts';
import type { SweepSpecInput } from '#workflows/contracts/spec.ts';
import { artifactKey } from '#workflows/plan/keys.ts';
import { planSweep, recipesOf } from '#workflows/plan/plan.ts';
import { smallSpec } from '../support/spec.ts';

const FINGERPRINTS = { miniature: 'w'.repeat(64), 'examples/models/tiny-llama': 'm'.repeat(64), 'questions.jsonl': 'q'.repeat(64), 'elsewhere.jsonl': 'q'.repeat(64) };

function keysOf(changes: Partial<SweepSpecInput> = {}, fingerprints: Record<string, string> = FINGERPRINTS): Record<string, string> {
  const { cells, baselines } = planSweep(parseSweepSpec(smallSpec(changes)), fingerprints);
  return Object.fromEntries(
    [...baselines, ...cells].flatMap((unit) =>
      ([...Object.entries(unit.shared), ...Object.entries(unit.stages)] as [string, Recipe][]).map(([role, recipe]) => [`${unit.id}: ${role}`, artifactKey(recipe)]),
    ),
  );
}

/** Roles of the real cell whose keys differ between two specs. */
function changedRoles(changes: Partial<SweepSpecInput>, fingerprints?: Record<string, string>): string[] {
  const before = keysOf();
  const after = keysOf(changes, fingerprints);
  const prefix = 'mdqa/tiny/real: ';
  return Object.keys(before).filter((name) => name.startsWith(prefix) && before[name] !== after[name]).map((name) => name.slice(prefix.length));
}

describe('artifactKey', () => {
  const recipe: Recipe = { stage: 'train', version: 1, params: { b: 1, a: [1.5, 'é'] }, inputs: {}, seed: 3 };

  it('is the SHA-256 of the canonical JSON', () => {
    const canonical = '{"inputs":{},"params":{"a":[1.5,"é"],"b":1},"seed":3,"stage":"train","version":1}';
    expect(artifactKey(recipe)).toBe(createHash('sha256').update(canonical).digest('hex'));
  });

  it('does not depend on the order of keys', () => {
    const turned = { seed: 3, inputs: {}, params: { a: [1.5, 'é'], b: 1 }, version: 1, stage: 'train' } as const;
    expect(artifactKey(turned as unknown as Recipe)).toBe(artifactKey(recipe));
  });

  it('depends on every part', () => {
    const others: Recipe[] = [
      { ...recipe, stage: 'score' },
      { ...recipe, version: 2 },
      { ...recipe, params: { ...recipe.params, b: 2 } },
      { ...recipe, inputs: { base: { stage: 'base', key: 'a'.repeat(64) } } },
      { ...recipe, seed: 4 },
    ];
    expect(new Set([recipe, ...others].map(artifactKey)).size).toBe(6);
  });
});

describe('planSweep', () => {
  it('plans every cell and baseline of the grid', () => {
    const { cells, baselines } = planSweep(parseSweepSpec(smallSpec()), FINGERPRINTS);
    expect(cells.map(({ id }) => id)).toEqual(['mdqa/tiny/real', 'mdqa/tiny/symbolic']);
    expect(baselines.map(({ id }) => id)).toEqual(['mdqa/tiny/untuned', 'mdqa/tiny/untuned-scaled']);
    expect(Object.keys(cells[0]!.stages)).toEqual(['dataset', 'train', 'evaluate', 'score', 'mask']);
  });

  it('shares source, base and test split, and nothing else, between the cells of a task and model', () => {
    const { cells } = planSweep(parseSweepSpec(smallSpec()), FINGERPRINTS);
    const [real, symbolic] = cells.map((cell) => recipesOf(cell).map(artifactKey));
    const common = real!.filter((key) => symbolic!.includes(key));
    expect(common).toEqual(Object.values(cells[0]!.shared).map((recipe) => artifactKey(recipe as Recipe)));
  });

  it('plans a grid of several tasks, and says why a cell of it cannot exist', () => {
    const [mdqa] = smallSpec().tasks;
    const tasks = [
      mdqa!,
      { task: 'musique' as const, source: { kind: 'musique' as const, questions: ['a.jsonl', 'b.jsonl'], pool: 'p.jsonl' } },
      { task: 'summhay' as const, source: { kind: 'summhay' as const, topics: ['t.json'] } },
    ];
    const fingerprints = { ...FINGERPRINTS, 'a.jsonl': 'a'.repeat(64), 'b.jsonl': 'b'.repeat(64), 'p.jsonl': 'p'.repeat(64), 't.json': 't'.repeat(64) };
    const { cells, skipped } = planSweep(parseSweepSpec(smallSpec({ tasks, conditions: ['real', 'limited'] })), fingerprints);
    expect(cells.map(({ id }) => id)).toEqual(['mdqa/tiny/real', 'mdqa/tiny/limited', 'musique/tiny/real', 'musique/tiny/limited', 'summhay/tiny/real']);
    expect(skipped).toEqual({ 'summhay/tiny/limited': 'SummHay Citation has no limited real data (paper, appendix C.1)' });
    // Files by what is in them, not by where they lie.
    expect(cells[2]!.shared.source.params).toMatchObject({ questions: ['a'.repeat(64), 'b'.repeat(64)], pool: 'p'.repeat(64) });
    expect(cells[4]!.shared.source.params).toMatchObject({ topics: ['t'.repeat(64)] });
  });

  it('makes another subset of limited questions a concern of the limited condition alone', () => {
    const spec = (limited: 'L1' | 'L3') => parseSweepSpec(smallSpec({ tasks: [{ ...smallSpec().tasks[0]!, limited }], conditions: ['real', 'limited'] }));
    const keys = (limited: 'L1' | 'L3') => planSweep(spec(limited), FINGERPRINTS).cells.map(({ stages }) => artifactKey(stages.dataset));
    expect(keys('L3')[0]).toBe(keys('L1')[0]);
    expect(keys('L3')[1]).not.toBe(keys('L1')[1]);
  });

  it('keeps all keys under cosmetic edits', () => {
    expect(changedRoles({ name: 'renamed', description: 'something else', conditions: ['symbolic', 'real'], baselines: [] })).toEqual([]);
  });

  it('changes exactly the stages that a setting concerns', () => {
    expect(changedRoles({ mask: { k: [3] } })).toEqual(['mask']);
    expect(changedRoles({ score: { gate: 'correct' } })).toEqual(['score', 'mask']);
    expect(changedRoles({ train: { learningRate: 1 } })).toEqual(['train', 'evaluate', 'score', 'mask']);
    expect(changedRoles({ models: [{ ...smallSpec().models[0]!, ropeTheta: 1 }] })).toEqual(['train', 'evaluate', 'score', 'mask']);
    expect(changedRoles({ seed: 1 })).toEqual(['source', 'test', 'dataset', 'train', 'evaluate', 'score', 'mask']);
    expect(changedRoles({}, { ...FINGERPRINTS, 'examples/models/tiny-llama': 'n'.repeat(64) })).toEqual(['base', 'test', 'dataset', 'train', 'evaluate', 'score', 'mask']);
  });

  it('knows files by their bytes, not by their place', () => {
    const at = (questions: string) => ({ tasks: [{ ...smallSpec().tasks[0]!, source: { kind: 'nq-open' as const, questions } }] });
    expect(keysOf(at('questions.jsonl'))).toEqual(keysOf(at('elsewhere.jsonl')));
  });

  it('tells the two untuned models apart by theta alone', () => {
    const keys = keysOf();
    expect(keys['mdqa/tiny/untuned: evaluate']).not.toBe(keys['mdqa/tiny/untuned-scaled: evaluate']);
  });

  it('makes a base that the sweep pretrains rest on its corpus', () => {
    const models = [{ model: 'tiny', base: { kind: 'pretrain' as const, corpus: 'mdqa' as const }, ropeTheta: 80_000 }];
    const [{ shared }] = planSweep(parseSweepSpec(smallSpec({ models })), FINGERPRINTS).cells as unknown as [{ shared: { base: Recipe; source: Recipe } }];
    expect(shared.base.inputs.corpus).toEqual({ stage: 'source', key: artifactKey(shared.source) });
  });
});
