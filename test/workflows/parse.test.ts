import { describe, expect, it } from 'vitest';
import { parseSweepSpec } from '#workflows/contracts/parse.ts';
import { exampleSpec, problemsOf, smallSpec } from '../support/spec.ts';

describe('parseSweepSpec', () => {
  it.each(['quickstart.json', 'mdqa-nq.json', 'tiny-tasks.json', 'tiny-grid.json', 'paper.json'])('accepts examples/%s', (name) => {
    expect(parseSweepSpec(exampleSpec(name)).name).toBe(name.replace('.json', ''));
  });

  it('fills in the paper’s settings where the spec says nothing', () => {
    const spec = parseSweepSpec({ ...smallSpec(), tasks: [{ task: 'mdqa', source: { kind: 'miniature' } }] });
    expect(spec.tasks[0]?.examples).toEqual({ total: 1400, validationShare: 0.1, test: 200, spareShare: 0.1 });
    expect(spec.train).toMatchObject({ loraRank: 8, loraAlpha: 8, batchSize: 1, accumulationSteps: 4, targetModules: 'attention', loss: 'answer' });
    expect(spec.baselines).toEqual(['untuned', 'untuned-scaled']);
  });

  it('names the field, what was found and what is allowed', () => {
    const { tasks, models } = smallSpec();
    const cases: [unknown, string][] = [
      [{ ...smallSpec(), tasks: [{ ...tasks[0], task: 'mdq' }] }, 'tasks[0].task: found "mdq", allowed: "mdqa", "musique", "summhay"'],
      [{ ...smallSpec(), tasks: [{ ...tasks[0], contextTokens: -5 }] }, 'tasks[0].contextTokens: found -5, allowed: at least 64'],
      [{ ...smallSpec(), condtions: [] }, 'condtions: found an unknown key, allowed: name, description, seed, seeds, tasks, models, conditions, baselines, variants, leaveOut, write, prompt, train, evaluate, score, mask, patch, gpuHourDollars, run, only, force'],
      [{ ...smallSpec(), tasks: [{ ...tasks[0], source: { kind: 'nq-open', questions: 'q.jsonl', pol: 'p.jsonl' } }] }, 'tasks[0].source.pol: found an unknown key, allowed: kind, questions, pool'],
      [{ ...smallSpec(), train: { learningrate: 1 } }, 'train.learningrate: found an unknown key, allowed: loraRank, loraAlpha, targetModules, learningRate, schedule, warmupShare, epochs, batchSize, accumulationSteps, maxGradNorm, loss, deepspeed, checkpointMinutes'],
      [{ ...smallSpec(), conditions: ['low/hihg'] }, 'conditions[0]: found "low/hihg", allowed: "real", "limited", "high/high", "high/low", "low/high", "low/low", "symbolic", "limited-L1", "limited-L2", "limited-L3"'],
      [{ ...smallSpec(), models: [{ ...models[0], ropeTheta: undefined }] }, 'models[0].ropeTheta: found nothing, allowed: a value of type number'],
      [{ ...smallSpec(), conditions: ['real', 'real'] }, 'conditions[1]: found "real" a second time, allowed: each name once'],
      [{ ...smallSpec(), models: [{ ...models[0], base: { kind: 'pretrain', corpus: 'musique' } }] }, 'models[0].base.corpus: found "musique", allowed: a task of this sweep (mdqa)'],
      [{ ...smallSpec(), score: { decode: 'teacher-forced', gate: 'correct' } }, 'score.gate: found "correct", allowed with score.decode "teacher-forced": "none" (a forced answer is neither right nor wrong)'],
      [{ ...smallSpec(), models: [{ ...models[0], base: { kind: 'pretrain', corpus: 'mdqa', layers: 1, seededInduction: true } }] }, 'models[0].base.layers: found 1, allowed: at least 2, for an induction circuit'],
      [{ ...smallSpec(), models: [{ ...models[0], base: { kind: 'pretrain', corpus: 'mdqa', hiddenSize: 20 } }] }, 'models[0].base.hiddenSize: found 20, allowed: a multiple of 16 (an even width for each of 8 heads)'],
      [{ ...smallSpec(), models: [{ ...models[0], base: { kind: 'pretrain', corpus: 'mdqa', keyValueHeads: 3 } }] }, 'models[0].base.keyValueHeads: found 3, allowed: a divisor of attentionHeads (8)'],
      [{ ...smallSpec(), gpuHourDollars: -1 }, 'gpuHourDollars: found -1, allowed: at least 0'],
      ['quickstart', '(top level): found "quickstart", allowed: an object with name, description, seed, seeds, tasks, models, conditions, baselines, variants, leaveOut, write, prompt, train, evaluate, score, mask, patch, gpuHourDollars, run, only, force'],
    ];
    for (const [value, problem] of cases) expect(problemsOf(value)).toContain(problem);
  });

  it('takes files of sources by path or URL, with or without their SHA-256, and leaves them as they are written', () => {
    const sha256 = 'a'.repeat(64);
    const files = [
      '../data/q.jsonl',
      'q:1.jsonl',
      'https://host/q.jsonl.gz?download=1',
      'http://localhost:9000/q.jsonl',
      'http://[::1]/q.jsonl',
      's3://bucket/folder/q 1.jsonl',
      { at: 'q.jsonl', sha256 },
      { at: 's3://bucket/q.jsonl', sha256 },
    ];
    for (const file of files) {
      const sources = [
        { task: 'mdqa' as const, source: { kind: 'nq-open' as const, questions: file, pool: file } },
        { task: 'musique' as const, source: { kind: 'musique' as const, questions: [file], pool: file } },
        { task: 'summhay' as const, source: { kind: 'summhay' as const, topics: [file] } },
      ];
      expect(parseSweepSpec(smallSpec({ tasks: sources })).tasks.map(({ source }) => source)).toEqual(sources.map(({ source }) => source));
    }
  });

  it('says of a file what is wrong with it, without what may be secret', () => {
    const kept = 'specs are kept in histories and reports; private files: s3:// with AWS credentials in the environment of the workers';
    const anyOf = 'a path, or a URL that starts with s3:// or https:// (http:// for this machine only)';
    const cases: [unknown, string][] = [
      ['ftp://host/q.jsonl', `questions[1]: found "ftp://host/q.jsonl", allowed: ${anyOf}`],
      ['file:///q.jsonl', `questions[1]: found "file:///q.jsonl", allowed: ${anyOf}`],
      ['http://host/q.jsonl', 'questions[1]: found "http://host/q.jsonl", allowed: https:// (http:// for this machine only)'],
      ['https://', 'questions[1]: found "https://", allowed: a complete URL: https://host/path'],
      ['s3://bucket', 'questions[1]: found "s3://bucket", allowed: s3://bucket/key, without credentials'],
      ['s3://id:hunter2@bucket/q.jsonl', 'questions[1]: found "s3://…@bucket/q.jsonl", allowed: s3://bucket/key, without credentials'],
      ['https://me:hunter2@host/q.jsonl', `questions[1]: found "https://…@host/q.jsonl", allowed: a URL without user and password (${kept})`],
      ['https://host/q.jsonl?v=1&X-Amz-Signature=hunter2', `questions[1]: found "https://host/q.jsonl?…", allowed: a URL without a signature or token: "X-Amz-Signature" looks like one (${kept})`],
      [{ at: 'https://host/q.jsonl?sig=hunter2', sha256: 'a'.repeat(64) }, `questions[1].at: found "https://host/q.jsonl?…", allowed: a URL without a signature or token: "sig" looks like one (${kept})`],
      [{ at: 'q.jsonl', sha256: 'ABC' }, 'questions[1].sha256: found "ABC", allowed: must be 64 lower-case hexadecimal digits'],
      [{ at: 'q.jsonl' }, 'questions[1].sha256: found nothing, allowed: a value of type string'],
      [{ at: 'q.jsonl', sha256: 'a'.repeat(64), sha1: '' }, 'questions[1].sha1: found an unknown key, allowed: at, sha256'],
      [7, 'questions[1]: found 7, allowed: a path, an s3:// or https:// URL, or {"at": path or URL, "sha256": 64 hexadecimal digits}'],
    ];
    for (const [file, problem] of cases) {
      const problems = problemsOf({ ...smallSpec(), tasks: [{ task: 'musique', source: { kind: 'musique', questions: ['q.jsonl', file] } }] });
      expect(problems).toEqual([`tasks[0].source.${problem}`]);
      expect(problems.join()).not.toContain('hunter2');
    }
    expect(problemsOf({ ...smallSpec(), tasks: [{ task: 'mdqa', source: { kind: 'nq-open', questions: ['https://me:hunter2@host/q.jsonl'] } }] })[0]).toMatch(/^tasks\[0\]\.source\.questions: found \["https:\/\/…@host\/q\.jsonl"\], allowed: a path, /);
  });

  it('takes Contriever where there are passages to rank', () => {
    const contriever = { kind: 'contriever' as const, model: { path: 'models/contriever' } };
    const task = { task: 'mdqa' as const, source: { kind: 'nq-open' as const, questions: 'q.jsonl', pool: 'p.jsonl' }, retriever: contriever };
    expect(parseSweepSpec(smallSpec({ tasks: [task] })).tasks[0]?.retriever).toEqual({
      kind: 'contriever', model: { name: 'facebook/contriever', path: 'models/contriever' }, dtype: 'float32', device: 'cpu',
      top: 500, maxTokens: 512, batchSize: 32, similarity: 'dot', questionPrefix: '', passagePrefix: '',
    });
    expect(parseSweepSpec(smallSpec()).tasks[0]?.retriever).toEqual({ kind: 'bm25' });
    const lacking = ['tasks[0].retriever.kind: found "contriever", allowed with a source that has no pool of passages to rank: "bm25"'];
    expect(problemsOf(smallSpec({ tasks: [{ ...task, source: { kind: 'nq-open', questions: 'q.jsonl' } }] }))).toEqual(lacking);
    expect(problemsOf(smallSpec({ tasks: [{ ...smallSpec().tasks[0]!, retriever: contriever }] }))).toEqual(lacking);
    const misspelt = { ...task, retriever: { ...contriever, tops: 3 } };
    expect(problemsOf({ ...smallSpec(), tasks: [misspelt] })).toEqual([
      'tasks[0].retriever.tops: found an unknown key, allowed: kind, model, top, maxTokens, batchSize, similarity, questionPrefix, passagePrefix, dtype, device',
    ]);
  });

  it('reports every problem at once', () => {
    expect(problemsOf({ ...smallSpec(), seed: -1, sed: 2, conditions: [] })).toHaveLength(3);
  });

  it('asks who writes, wherever texts are to be written', () => {
    const [mdqa] = smallSpec().tasks;
    const spec = { ...smallSpec(), tasks: [{ ...mdqa, source: { kind: 'nq-open', questions: 'q.jsonl' } }], conditions: ['real', 'low/low'] };
    expect(problemsOf(spec)).toEqual([expect.stringMatching(/^write: found nothing, needed by condition "low\/low" of task "mdqa"; allowed: \{"provider": "openai"\}/)]);
    expect(problemsOf({ ...smallSpec(), conditions: ['low/low'] }), 'the miniature source writes its own').toEqual([]);
    expect(parseSweepSpec({ ...spec, write: { provider: 'openai' } }).write).toMatchObject({ model: 'gpt-4o-mini', temperature: 1, attempts: 3, mode: 'online' });
    expect(problemsOf({ ...spec, write: { provider: 'openai', apiKey: 'x' } })[0]).toMatch(/^write\.apiKey: found an unknown key/);
    expect(problemsOf({ ...spec, write: { provider: 'openai', temperature: null, extra: { reasoning_effort: 'minimal', nested: { list: [1, null] } }, tokensField: 'max_tokens', timeoutSeconds: 20 } })).toEqual([]);
    expect(problemsOf({ ...spec, write: { provider: 'openai', extra: { n: 2 }, tokensField: 'n_predict', timeoutSeconds: 900 } })).toEqual([
      'write.extra: found {"n":2}, allowed: other fields than model, messages, temperature, max_tokens, max_completion_tokens, n, stream, stream_options, tools, functions',
      'write.tokensField: found "n_predict", allowed: "max_completion_tokens", "max_tokens"',
      'write.timeoutSeconds: found 900, allowed: at most 300',
    ]);
  });

  it('patches only where there is a real cell to patch from', () => {
    expect(parseSweepSpec(smallSpec({ patch: {} })).patch).toEqual({ complement: 'difference', choice: 'sampled', randomDraws: 1 });
    expect(problemsOf({ ...smallSpec(), patch: {}, conditions: ['symbolic'] })).toEqual(['patch: found without condition "real", allowed: only with it (outputs of the real-data model are what is patched)']);
    expect(problemsOf({ ...smallSpec(), patch: { complement: 'both' } })[0]).toMatch(/^patch\.complement: found "both", allowed: "difference"/);
  });

  it('has the miniature as a source of every task, and questions of two hops there only', () => {
    const source = { kind: 'miniature' as const };
    const spec = smallSpec({ tasks: [{ task: 'mdqa', source }, { task: 'musique', source }, { task: 'summhay', source }], conditions: ['real', 'high/low', 'symbolic'] });
    expect(parseSweepSpec(spec).tasks.map(({ hops, documents, dictionaryEntries, listLength }) => [hops, documents, dictionaryEntries, listLength])).toEqual(Array.from({ length: 3 }, () => [3, 10, 10, 180]));
    expect(parseSweepSpec(smallSpec({ tasks: [{ task: 'musique', source, hops: 2 }] })).tasks[0]?.hops).toBe(2);
    expect(problemsOf({ ...smallSpec(), tasks: [{ task: 'musique', source: { kind: 'musique', questions: ['q'] }, hops: 2 }] })).toEqual(['tasks[0].hops: found 2, allowed with task "musique" and source "musique": 3']);
    expect(problemsOf({ ...smallSpec(), tasks: [{ task: 'mdqa', source, hops: 2 }] })).toEqual(['tasks[0].hops: found 2, allowed with task "mdqa" and source "miniature": 3']);
    expect(problemsOf({ ...smallSpec(), tasks: [{ task: 'musique', source, hops: 4 }] })).toEqual(['tasks[0].hops: found 4, allowed: 2, 3']);
    expect(problemsOf({ ...smallSpec(), tasks: [{ task: 'summhay', source, documents: 2 }] })).toEqual(['tasks[0].documents: found 2, allowed: at least 3']);
    expect(problemsOf({ ...smallSpec(), tasks: [{ task: 'musique', source: { kind: 'summhay', topics: ['t'] } }] })).toEqual(['tasks[0].task: found "musique", allowed with source "summhay": summhay']);
  });

  it('takes the paper’s number of examples for each task that names none', () => {
    const spec = smallSpec({
      tasks: [
        { task: 'mdqa', source: { kind: 'miniature' } },
        { task: 'musique', source: { kind: 'musique', questions: ['q'] }, examples: { test: 7 } },
        { task: 'summhay', source: { kind: 'summhay', topics: ['t'] }, examples: { total: 90 } },
      ],
    });
    expect(parseSweepSpec(spec).tasks.map(({ examples: { total, test } }) => [total, test])).toEqual([[1400, 200], [400, 7], [90, 200]]);
    expect(problemsOf({ ...spec, tasks: [{ task: 'mdqa', source: { kind: 'miniature' }, examples: 7 }] })).toEqual(['tasks[0].examples: found 7, allowed: an object with total, validationShare, test, spareShare']);
  });

  it('refuses a validation share that leaves nothing on one side', () => {
    const { tasks } = smallSpec();
    expect(problemsOf({ ...smallSpec(), tasks: [{ ...tasks[0], examples: { total: 4, validationShare: 0.01, test: 1 } }] })[0]).toMatch(/^tasks\[0\]\.examples\.validationShare: found 0\.01 of 4/);
  });
});
