/** A sweep whose distractors a dense retriever picks: a tiny BERT with random weights, run by a real trainer. */
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Example } from '#workflows/contracts/dataset.ts';
import type { SweepResult } from '#workflows/contracts/progress.ts';
import { SweepResults } from '#workflows/contracts/report.ts';
import { Ranked } from '#workflows/contracts/source.ts';
import { temporaryFolder } from '../support/folders.ts';
import { smallSpec } from '../support/spec.ts';
import { needleworkUp, type RunningStack } from '../support/stack.ts';

const ROWS = 20;
const HILLS = 60;
/** Far below what a context of 512 tokens holds. */
const SURELY_IN = 4;

const questions = Array.from({ length: ROWS }, (_, n) => ({
  question: `who built tower number ${n}`,
  answers: [`Builder ${n}z`],
  ctxs: [{ title: `Tower ${n}`, text: `Tower ${n} was built by builder ${n}z, a mason.`, isgold: true, hasanswer: true }],
}));
// The first passages answer one question each.
const pool = [
  ...Array.from({ length: ROWS }, (_, n) => ({ title: `Wall ${n}`, text: `A wall of builder ${n}z.` })),
  ...Array.from({ length: HILLS }, (_, n) => ({ title: `Hill ${n}`, text: `Hill ${n} is ${n % 7} miles from town ${n % 5}.` })),
];

describe('a sweep with a dense retriever', () => {
  const home = temporaryFolder();
  const state = join(home, 'state');
  let stack: RunningStack;
  let result: SweepResult;
  const file = (name: string, text: string) => {
    writeFileSync(join(home, name), text);
    return join(home, name);
  };
  const jsonl = (rows: object[]) => rows.map((row) => JSON.stringify(row)).join('\n');
  /** Lines of a file of every artifact of a stage. */
  const lines = (stage: string, name: string) =>
    globSync(join(state, 's3/needlework/artifacts', stage, '*', '*', name)).flatMap((path) => readFileSync(path, 'utf8').trim().split('\n')).map((line) => JSON.parse(line) as unknown);

  beforeAll(async () => {
    const helper = fileURLToPath(new URL('../../infra/trainer/tests/tiny_encoder.py', import.meta.url));
    execFileSync(process.env.NEEDLEWORK_PYTHON_ENV!, [helper, join(home, 'encoder')], { stdio: 'pipe' });
    const source = { kind: 'nq-open' as const, questions: file('questions.jsonl', jsonl(questions)), pool: file('pool.jsonl', jsonl(pool)) };
    const retriever = { kind: 'contriever' as const, model: { name: 'a tiny BERT', path: join(home, 'encoder') }, maxTokens: 64, top: 40 };
    const tasks = [{ task: 'mdqa' as const, source, retriever, contextTokens: 512, examples: { total: 10, validationShare: 0.2, test: 3 } }];
    const spec = smallSpec({ name: 'retriever', tasks, conditions: ['real'], baselines: [], mask: { k: [2], randomDraws: 1 } });
    stack = await needleworkUp(state);
    result = await stack.sweep('retriever', file('spec.json', JSON.stringify(spec)));
  }, 300_000);
  afterAll(() => stack?.stop());

  it('ranks the pool for every question, of training and test', () => {
    expect(result).toMatchObject({ status: 'complete', failures: [] });
    const ranked = lines('rank', 'ranking.jsonl').map((line) => Ranked.parse(line));
    expect(ranked.map(({ question }) => question).sort()).toEqual(questions.map(({ question }) => question).sort());
    for (const { passages } of ranked) expect(new Set(passages).size).toBe(40);
  });

  it('fills contexts with what was ranked best, and never with an answer', () => {
    const ranking = new Map(lines('rank', 'ranking.jsonl').map((line) => Ranked.parse(line)).map(({ id, passages }) => [id, passages]));
    const titleOf = lines('source', 'pool.jsonl').map((line) => (line as { title: string }).title);
    const examples = ['train.jsonl', 'validation.jsonl', 'test.jsonl'].flatMap((name) => lines('dataset', name)).map((line) => Example.parse(line));
    expect(examples).toHaveLength(13);
    for (const { id, prompt, answers, needles } of examples) {
      const answer = answers[0]!.toLowerCase();
      const usable = ranking.get(id)!.map((passage) => titleOf[passage]!).filter((title) => title !== `Wall ${answer.match(/\d+/)![0]}`);
      const found = [...prompt.matchAll(/\(Title: ((?:Wall|Hill) \d+)\)/g)].map(([, title]) => title!);
      expect(found).toEqual(expect.arrayContaining(usable.slice(0, SURELY_IN)));
      const [{ start, end }] = needles as [{ start: number; end: number }];
      expect((prompt.slice(0, start) + prompt.slice(end)).toLowerCase()).not.toMatch(new RegExp(`\\b${answer}\\b`));
    }
  });

  it('says in the report which retriever it was, and how long that took', () => {
    expect(readFileSync(result.report.file, 'utf8')).toContain('most like the question by a tiny BERT');
    const results = SweepResults.parse(JSON.parse(readFileSync(result.report.resultsFile, 'utf8')));
    expect(results.sources[0]!.stages.map(({ stage }) => stage)).toEqual(['source', 'rank']);
  });

  it('ranks nothing again', async () => {
    expect(await stack.sweep('retriever-again', join(home, 'spec.json'))).toMatchObject({ status: 'complete', stagesRun: 0 });
  });
});
