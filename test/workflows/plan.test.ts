import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Recipe } from '#workflows/contracts/artifacts.ts';
import { parseSweepSpec } from '#workflows/contracts/parse.ts';
import type { SourceFile } from '#workflows/contracts/source-file.ts';
import type { SweepSpecInput } from '#workflows/contracts/spec.ts';
import { artifactKey, refOf } from '#workflows/plan/keys.ts';
import { planSweep, recipesOf } from '#workflows/plan/plan.ts';
import { completeReport } from '#workflows/plan/report.ts';
import { exampleSpec, SMALL_FINGERPRINTS, smallSpec } from '../support/spec.ts';

const FINGERPRINTS = { ...SMALL_FINGERPRINTS, 'questions.jsonl': 'q'.repeat(64), 'elsewhere.jsonl': 'q'.repeat(64) };

function keysOf(changes: Partial<SweepSpecInput> = {}, fingerprints: Record<string, string> = FINGERPRINTS): Record<string, string> {
  const { cells, baselines } = planSweep(parseSweepSpec(smallSpec(changes)), fingerprints);
  return Object.fromEntries(
    [...baselines, ...cells].flatMap((unit) =>
      ([...Object.entries(unit.shared), ...Object.entries(unit.stages)] as [string, Recipe][]).map(([role, recipe]) => [`${unit.id}: ${role}`, artifactKey(recipe)]),
    ),
  );
}

type Params = readonly [Recipe['params'], Recipe['params'], Recipe['params']];

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

  it('patches every cell but the real one, from the real cell of its own task and model', () => {
    const models = [smallSpec().models[0]!, { ...smallSpec().models[0]!, model: 'other', ropeTheta: 90_000 }];
    const { cells } = planSweep(parseSweepSpec(smallSpec({ models, conditions: ['symbolic', 'real', 'limited'], patch: {} })), FINGERPRINTS);
    expect(cells.filter(({ stages }) => stages.patch).map(({ id }) => id)).toEqual(['mdqa/tiny/symbolic', 'mdqa/tiny/limited', 'mdqa/other/symbolic', 'mdqa/other/limited']);
    for (const { model, shared, stages } of cells.filter(({ condition }) => condition !== 'real')) {
      const real = cells.find((cell) => cell.model === model && cell.condition === 'real')!.stages;
      expect(stages.patch!.inputs).toEqual({
        base: refOf(shared.base), test: refOf(shared.test!),
        adapter: refOf(stages.train!), scores: refOf(stages.score!),
        realAdapter: refOf(real.train!), realScores: refOf(real.score!),
      });
    }
    expect(keysOf({ patch: {} })).toMatchObject(keysOf());
    const key = (patch: SweepSpecInput['patch']) => keysOf({ ...(patch && { patch }) })['mdqa/tiny/symbolic: patch'];
    expect(new Set([key({}), key({ complement: 'symmetric' }), key({ choice: 'highest' }), key({ randomDraws: 2 }), key({ examples: 3 })]).size).toBe(5);
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

  it('has texts written once for all cells that rest on them, and for none that do not', () => {
    const source = { kind: 'nq-open' as const, questions: 'questions.jsonl' };
    const models = [smallSpec().models[0]!, { ...smallSpec().models[0]!, model: 'other' }];
    const spec = smallSpec({ tasks: [{ ...smallSpec().tasks[0]!, source }], models, conditions: ['real', 'high/high', 'high/low', 'low/high', 'low/low', 'symbolic'], write: { provider: 'offline' } });
    const { cells } = planSweep(parseSweepSpec(spec), FINGERPRINTS);
    const written = cells.map(({ condition, shared: { needles, passages } }) => [condition, needles && `${needles.params.expression} ${needles.params.what}`, passages && `${passages.params.expression} ${passages.params.what}`]);
    expect(written.slice(0, 6)).toEqual([
      ['real', undefined, undefined],
      ['high/high', 'high needles', 'high passages'],
      ['high/low', 'high needles', undefined],
      ['low/high', 'low paragraphs', undefined],
      ['low/low', 'low needles', undefined],
      ['symbolic', undefined, undefined],
    ]);
    const keys = new Set(cells.flatMap(({ shared: { needles, passages } }) => [needles, passages].flatMap((recipe) => (recipe ? [artifactKey(recipe)] : []))));
    expect(keys.size, 'the same for both models').toBe(4);
    expect(cells[1]!.stages.dataset.inputs.needles).toEqual({ stage: 'write', key: artifactKey(cells[1]!.shared.needles!) });
  });

  it('writes anew for another writer, but not for another way of asking the same one', () => {
    const tasks = [{ ...smallSpec().tasks[0]!, source: { kind: 'nq-open' as const, questions: 'questions.jsonl' } }];
    const key = (write: SweepSpecInput['write']) => artifactKey(planSweep(parseSweepSpec(smallSpec({ tasks, conditions: ['high/low'], ...(write && { write }) })), FINGERPRINTS).cells[0]!.shared.needles!);
    const openai = { provider: 'openai' as const };
    expect(key({ ...openai, mode: 'batch', concurrency: 3, requestsPerMinute: 10, tokensPerMinute: 1000, costCeilingDollars: 5, price: { input: 1, output: 2 }, tokensField: 'max_tokens', timeoutSeconds: 9 })).toBe(key(openai));
    expect(new Set([key(openai), key({ provider: 'offline' }), key({ ...openai, model: 'gpt-4o' }), key({ ...openai, temperature: 0 }), key({ ...openai, temperature: null }), key({ ...openai, extra: { reasoning_effort: 'low' } }), key({ ...openai, attempts: 5 })]).size).toBe(7);
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

  it('makes the price of a GPU hour a concern of the report alone, and of nothing where none is given', () => {
    expect(changedRoles({ gpuHourDollars: 2.5 })).toEqual([]);
    const reportOf = (changes: Partial<SweepSpecInput>) => {
      const spec = parseSweepSpec(smallSpec(changes));
      return completeReport(spec, planSweep(spec, FINGERPRINTS));
    };
    expect(artifactKey(reportOf({ gpuHourDollars: 2.5 }))).not.toBe(artifactKey(reportOf({})));
    expect(reportOf({}).params['spec']).not.toHaveProperty('gpuHourDollars');
  });

  it('changes exactly the stages that a setting concerns', () => {
    expect(changedRoles({ mask: { k: [3] } })).toEqual(['mask']);
    expect(changedRoles({ score: { gate: 'correct' } })).toEqual(['score', 'mask']);
    expect(changedRoles({ score: { insightMatch: 'token' } })).toEqual(['score', 'mask']);
    expect(changedRoles({ mask: { ...smallSpec().mask!, mode: 'uniform' } })).toEqual(['mask']);
    expect(changedRoles({ train: { learningRate: 1 } })).toEqual(['train', 'evaluate', 'score', 'mask']);
    expect(changedRoles({ train: { checkpointMinutes: 1 } })).toEqual([]);
    expect(changedRoles({ train: { deepspeed: 'off' } })).toEqual([]);
    expect(changedRoles({ train: { deepspeed: 'zero-1' } })).toEqual(['train', 'evaluate', 'score', 'mask']);
    expect(changedRoles({ models: [{ ...smallSpec().models[0]!, ropeTheta: 1 }] })).toEqual(['train', 'evaluate', 'score', 'mask']);
    expect(changedRoles({ seed: 1 })).toEqual(['source', 'test', 'dataset', 'train', 'evaluate', 'score', 'mask']);
    expect(changedRoles({}, { ...FINGERPRINTS, 'examples/models/tiny-llama': 'n'.repeat(64) })).toEqual(['base', 'test', 'dataset', 'train', 'evaluate', 'score', 'mask']);
  });

  it('names options that came later only where they are used, so that what was made before stays', () => {
    const params = (changes: Partial<SweepSpecInput>) => planSweep(parseSweepSpec(smallSpec(changes)), FINGERPRINTS).cells[0]!.stages;
    const plain = params({ score: { insightMatch: 'position' }, mask: { k: [3], mode: 'zero' } });
    expect(plain.score!.params.score).toEqual({ decode: 'greedy', gate: 'none', counting: 'set', answerSpans: 'needle' });
    expect(plain.mask!.params.mask).toEqual({ k: [3], randomDraws: 3, randomExcludesLayers: [] });
    const other = params({ score: { insightMatch: 'token' }, mask: { k: [3], mode: 'uniform' } });
    expect(other.score!.params.score).toMatchObject({ insightMatch: 'token' });
    expect(other.mask!.params.mask).toMatchObject({ mode: 'uniform' });
  });

  it('names a task’s own sizes only where they are not the paper’s, and where they matter', () => {
    const source = { kind: 'miniature' as const };
    const task = smallSpec().tasks[0]!;
    const params = (tasks: SweepSpecInput['tasks']) => {
      const { cells } = planSweep(parseSweepSpec(smallSpec({ tasks, conditions: ['real', 'symbolic'] })), FINGERPRINTS);
      return cells.map(({ shared, stages }) => [shared.source.params, shared.test!.params, stages.dataset.params] as const);
    };
    for (const named of ['musique', 'summhay'] as const) {
      const given = { ...task, task: named, source };
      expect(params([{ ...given, hops: 3, dictionaryEntries: 10, documents: 10 }])).toEqual(params([given]));
      expect(JSON.stringify(params([given]))).not.toMatch(/hops|dictionaryEntries|"documents"/);
    }
    const [[, , chain], [, , dictionaries]] = params([{ ...task, task: 'musique', source, hops: 2, dictionaryEntries: 3, documents: 6 }]) as [Params, Params];
    expect(params([{ ...task, task: 'musique', source, hops: 2 }]).map(([{ hops }]) => hops)).toEqual([2, 2]);
    expect(chain).not.toHaveProperty('dictionaryEntries');
    expect(dictionaries).toMatchObject({ dictionaryEntries: 3 });
    expect(dictionaries).not.toHaveProperty('documents');
    const [[, test, real], [, , lists]] = params([{ ...task, task: 'summhay', source, documents: 6, dictionaryEntries: 3 }]) as [Params, Params];
    for (const one of [test, real, lists]) expect(one).toMatchObject({ documents: 6 });
    expect(lists).not.toHaveProperty('dictionaryEntries');
  });

  it('ranks passages once per task, for what holds retrieved passages and nothing else', () => {
    const tasks = (retriever?: object) => [
      { ...smallSpec().tasks[0]!, source: { kind: 'nq-open' as const, questions: 'questions.jsonl', pool: 'p.jsonl' }, ...(retriever && { retriever }) },
    ] as SweepSpecInput['tasks'];
    const fingerprints = { ...FINGERPRINTS, 'p.jsonl': 'p'.repeat(64), 'models/contriever': 'c'.repeat(64), 'copies/contriever': 'c'.repeat(64) };
    const planned = (retriever?: object) => {
      const spec = parseSweepSpec(smallSpec({ tasks: tasks(retriever), conditions: ['real', 'limited', 'high/high', 'high/low', 'symbolic'], write: { provider: 'offline' } }));
      return planSweep(spec, fingerprints).cells;
    };
    const contriever = (path: string, more = {}) => ({ kind: 'contriever', model: { path, ...more } });
    const cells = planned(contriever('models/contriever'));
    const rankings = new Set(cells.map(({ shared }) => artifactKey(shared.ranking!)));
    expect(rankings.size).toBe(1);
    const [ranking] = rankings;
    expect(cells[0]!.shared.ranking!.params).toEqual({
      kind: 'contriever', encoder: 'c'.repeat(64), dtype: 'float32', device: 'cpu',
      rank: { top: 500, maxTokens: 512, batchSize: 32, similarity: 'dot', questionPrefix: '', passagePrefix: '' },
    });
    const rests = cells.map(({ stages, shared }) => [stages.dataset, shared.test, shared.needles, shared.passages].map((recipe) => recipe?.inputs.ranking?.key === ranking));
    expect(Object.fromEntries(cells.map(({ condition }, at) => [condition, rests[at]]))).toEqual({
      //          [dataset, test, needles, passages]
      real: [true, true, false, false],
      limited: [true, true, false, false],
      'high/high': [true, true, false, true],
      'high/low': [false, true, false, false],
      symbolic: [false, true, false, false],
    });
    // Wherever the encoder lies, and whatever it is called.
    expect(artifactKey(planned(contriever('copies/contriever', { name: 'ours' }))[0]!.shared.ranking!)).toBe(ranking);
    // BM25 is no part of any recipe.
    expect(planned({ kind: 'bm25' })).toEqual(planned());
    expect(JSON.stringify(planned())).not.toMatch(/ranking|bm25/);
  });

  it('knows files by their bytes, not by their place', () => {
    const at = (questions: string) => ({ tasks: [{ ...smallSpec().tasks[0]!, source: { kind: 'nq-open' as const, questions } }] });
    expect(keysOf(at('questions.jsonl'))).toEqual(keysOf(at('elsewhere.jsonl')));
  });

  it('has the recipes of local files as they were before files could lie elsewhere', () => {
    const files = ['../shared/data/mdqa/nq-open-20-documents.jsonl.gz', '../shared/data/mdqa/passage-pool.jsonl.gz', 'a.jsonl', 'b.jsonl', 'p.jsonl', 't.json'];
    const [questions, pool, a, b, p, t] = files.map((_, index) => String(index).repeat(64));
    const fingerprints = { ...FINGERPRINTS, ...Object.fromEntries(files.map((file, index) => [file, String(index).repeat(64)])) };
    const [task] = smallSpec().tasks;
    const of = (spec: SweepSpecInput) => planSweep(parseSweepSpec(spec), fingerprints).cells[0]!.shared.source.params;
    const rows = { trainRows: 20, testRows: 5 };
    expect(of(exampleSpec('quickstart.json'))).toEqual({ task: 'mdqa', trainRows: 340, testRows: 100, kind: 'miniature', world: 'w'.repeat(64) });
    expect(of(exampleSpec('mdqa-nq.json'))).toEqual({ task: 'mdqa', trainRows: 240, testRows: 60, kind: 'nq-open', questions, pool });
    expect(of(smallSpec({ tasks: [{ ...task!, source: { kind: 'nq-open', questions: 'a.jsonl' } }] }))).toEqual({ task: 'mdqa', ...rows, kind: 'nq-open', questions: a });
    expect(of(smallSpec({ tasks: [{ ...task!, task: 'musique', source: { kind: 'musique', questions: ['a.jsonl', 'b.jsonl'], pool: 'p.jsonl' } }] }))).toEqual({ task: 'musique', ...rows, kind: 'musique', questions: [a, b], pool: p });
    expect(of(smallSpec({ tasks: [{ ...task!, task: 'summhay', source: { kind: 'summhay', topics: ['t.json'] } }] }))).toEqual({ task: 'summhay', ...rows, kind: 'summhay', topics: [t] });
  });

  it('knows files by their bytes, whether they are named by path, by URL, or with their SHA-256', () => {
    const at = (questions: SourceFile) => ({ tasks: [{ ...smallSpec().tasks[0]!, source: { kind: 'nq-open' as const, questions } }] });
    const url = 's3://bucket/questions.jsonl';
    const keys = keysOf(at('questions.jsonl'));
    expect(keysOf(at({ at: 'questions.jsonl', sha256: 'a'.repeat(64) }))).toEqual(keys);
    expect(keysOf(at(url), { ...FINGERPRINTS, [url]: 'q'.repeat(64) })).toEqual(keys);
    expect(keysOf(at({ at: url, sha256: 'a'.repeat(64) }), { ...FINGERPRINTS, [url]: 'q'.repeat(64) })).toEqual(keys);
  });

  it('tells the two untuned models apart by theta alone', () => {
    const keys = keysOf();
    expect(keys['mdqa/tiny/untuned: evaluate']).not.toBe(keys['mdqa/tiny/untuned-scaled: evaluate']);
  });

  it('makes a sliding window a part of what loads the model with it, and of nothing where none is given', () => {
    const base = { kind: 'folder' as const, path: 'examples/models/tiny-llama' };
    const windowed = (slidingWindow: number | null) => ({ models: [{ model: 'tiny', base, ropeTheta: 80_000, slidingWindow }] });
    expect(changedRoles({ models: [{ model: 'tiny', base, ropeTheta: 80_000 }] })).toEqual([]);
    for (const window of [16_384, null]) expect(changedRoles(windowed(window))).toEqual(changedRoles({ models: [{ model: 'tiny', base, ropeTheta: 80_001 }] }));
    const untuned = (changes: Partial<SweepSpecInput>) => keysOf(changes)['mdqa/tiny/untuned: evaluate'];
    expect(untuned(windowed(16_384))).toBe(untuned({}));
    const { cells } = planSweep(parseSweepSpec(smallSpec()), FINGERPRINTS);
    expect(cells[0]!.stages.train!.params.model).toEqual({ ropeTheta: 80_000, dtype: 'float32', device: 'cpu' });
  });

  it('makes a base that the sweep pretrains rest on its corpus', () => {
    const models = [{ model: 'tiny', base: { kind: 'pretrain' as const, corpus: 'mdqa' as const }, ropeTheta: 80_000 }];
    const [{ shared }] = planSweep(parseSweepSpec(smallSpec({ models })), FINGERPRINTS).cells as unknown as [{ shared: { base: Recipe; source: Recipe } }];
    expect(shared.base.inputs.corpus).toEqual({ stage: 'source', key: artifactKey(shared.source) });
  });
});
