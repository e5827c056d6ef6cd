import { expect, it } from 'vitest';
import { methods } from '#activities/report/methods.ts';
import { SweepSpec, type SweepSpecInput } from '#workflows/contracts/spec.ts';
import { fixtureResults } from './fixture.ts';

/** What the methods say of retrieval, for a task with this source and retriever. */
function retrieval(task: Partial<SweepSpecInput['tasks'][number]>): string[] {
  const results = fixtureResults({ source: 'nq-open' });
  const spec = SweepSpec.parse({ ...results.spec, tasks: [{ ...results.spec.tasks[0]!, ...task }] });
  return methods({ ...results, spec }).filter((sentence) => sentence.includes('further distractors'));
}

it('says by what further distractors were found, where there is a pool', () => {
  const source = { kind: 'nq-open' as const, questions: 'q', pool: 'p' };
  expect(retrieval({})).toEqual([]);
  expect(retrieval({ source })).toEqual(['MDQA: further distractors are the passages of a pool that are most like the question by BM25, none of them with an answer.']);
  expect(retrieval({ source, retriever: { kind: 'contriever', model: { path: 'somewhere' } } })).toEqual([
    'MDQA: further distractors are the passages of a pool that are most like the question by facebook/contriever (means of the last hidden states over at most 512 tokens, dot product; the 500 best, behind them by BM25), none of them with an answer.',
  ]);
});

it('says who wrote the texts of written conditions, where there are some', () => {
  const results = fixtureResults({ source: 'nq-open' });
  const written = (changes: Partial<SweepSpecInput>) => methods({ ...results, spec: SweepSpec.parse({ ...results.spec, ...changes }) }).filter((sentence) => sentence.startsWith('Texts of the written'));
  expect(written({ conditions: ['real', 'symbolic'], write: { provider: 'offline' } })).toEqual([]);
  expect(written({ conditions: ['low/low'], write: { provider: 'offline' } })[0]).toContain('by templates of the project in place of an LLM with prompts A.1 to A.7');
  expect(written({ conditions: ['low/low'], write: { provider: 'openai', attempts: 5 } })[0]).toContain('by gpt-4o-mini (temperature 1, at most 1,024 tokens) with prompts A.1 to A.7 of the paper. A reply that does not fit its form is asked for up to 5 times');
  expect(written({ tasks: [{ task: 'musique', source: { kind: 'musique', questions: ['q'] } }], conditions: ['low/low'], write: { provider: 'openai', lowFacts: 'A.3' } })[0]).toContain('are written by prompt A.3');
});

it('says of a base what its config says', () => {
  const results = fixtureResults({ source: 'miniature' });
  const [base] = results.bases;
  const said = (changes: Partial<NonNullable<typeof base>['architecture']>) =>
    methods({ ...results, bases: [{ ...base!, architecture: { ...base!.architecture!, ...changes } }] }).find((sentence) => sentence.startsWith('Base model'));
  expect(said({})).toMatch(/width 128, \d attention heads over \d key-value heads, vocabulary of 820, RoPE theta 10,?000\./);
  expect(said({ attentionHeads: null, keyValueHeads: null, vocabularySize: null, ropeTheta: null })).toMatch(/width 128\. /);
});

it('says where contexts have fewer of something than the paper’s', () => {
  const results = fixtureResults({ source: 'miniature' });
  const said = (task: Partial<SweepSpecInput['tasks'][number]>, conditions: SweepSpecInput['conditions'] = ['real', 'symbolic']) =>
    methods({ ...results, spec: SweepSpec.parse({ ...results.spec, conditions, tasks: [{ ...results.spec.tasks[0]!, ...task }] }) }).filter((sentence) => sentence.includes(' instead of '));
  for (const task of ['mdqa', 'musique', 'summhay'] as const) expect(said({ task })).toEqual([]);
  expect(said({ task: 'musique', hops: 2, dictionaryEntries: 2 })).toEqual(['MuSiQue has questions of 2 hops instead of three and symbolic dictionaries of 2 entries instead of ten.']);
  expect(said({ task: 'musique', hops: 2, dictionaryEntries: 2 }, ['real'])).toEqual(['MuSiQue has questions of 2 hops instead of three.']);
  expect(said({ task: 'summhay', documents: 6, listLength: 9 })).toEqual(['SummHay Citation has contexts of 6 documents instead of ten and symbolic lists of 9 strings instead of 180.']);
  expect(said({ task: 'mdqa', documents: 6, dictionaryEntries: 2 })).toEqual([]);
});

it('says of heads what other options than the default were used', () => {
  const results = fixtureResults({ source: 'nq-open' });
  const said = (changes: Partial<SweepSpecInput>) => methods({ ...results, spec: SweepSpec.parse({ ...results.spec, ...changes }) }).join('\n');
  expect(said({ mask: { k: [4] } })).toContain('Masking: the outputs of the 4 highest-scoring heads set to zero before the output projection, against');
  expect(said({ mask: { k: [4], mode: 'uniform' } })).toContain('Masking: the queries of the 4 highest-scoring heads set to zero while decoding, so that they attend all keys alike, against');
  expect(said({})).not.toContain('about to be written');
  expect(said({})).not.toContain('DeepSpeed');
  expect(said({ train: { deepspeed: 'zero-2' } })).toContain('end-of-sequence token only, by DeepSpeed ZeRO stage 2.');
  expect(said({ score: { insightMatch: 'token' } })).toContain('An insight is found where a head looks, in a needle, at the token about to be written.');
});
