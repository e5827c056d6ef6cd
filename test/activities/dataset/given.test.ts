/** Finished examples of one's own, from their file to a dataset. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildDataset } from '#activities/dataset/index.ts';
import { importExamples } from '#activities/source/index.ts';
import type { Task } from '#workflows/contracts/experiment.ts';
import type { GivenExample } from '#workflows/contracts/source.ts';
import { problemsWith, smallSpec } from '../../support/spec.ts';
import { characterTokenizer, emptyFolder, readCard, readExamples, spanText } from './support.ts';

/** One fact among others, in no form that a condition of the paper has. */
const fact = (n: number, changes: Partial<GivenExample> = {}): GivenExample => ({
  id: `fact-${n}`,
  context: `Log of day ${n}.\nThe vault 🗝 of hall ${n} opens with code-${n}x.\nNothing else happened.`,
  needles: [`The vault 🗝 of hall ${n} opens with code-${n}x.`],
  question: `With what does the vault of hall ${n} open?`,
  answer: `code-${n}x`,
  ...changes,
});
const citation = (n: number, changes: Partial<GivenExample> = {}): GivenExample => ({
  id: `cited-${n}`,
  context: `Document [7]: Rain fell. Mill ${n} was sold. It rained on.\nDocument [3]: Snow fell.\nDocument [12]: In spring, mill ${n} changed hands.`,
  needles: [`Mill ${n} was sold.`, `mill ${n} changed hands`],
  question: `Mill ${n} has a new owner.`,
  answer: '[7][12]',
  ...changes,
});

async function imported(task: Task, rows: readonly object[], { trainRows = 100, test }: { trainRows?: number; test?: readonly object[] } = {}): Promise<string> {
  const [folder, outputDir] = [await emptyFolder(), await emptyFolder()];
  const file = async (name: string, values: readonly object[]) => {
    await writeFile(join(folder, name), values.map((row) => `${JSON.stringify(row)}\n`).join(''));
    return join(folder, name);
  };
  await importExamples({ task, examplesFile: await file('mine.jsonl', rows), ...(test && { testFile: await file('test.jsonl', test) }), seed: 1, trainRows, testRows: 5, outputDir });
  return outputDir;
}

async function built(task: Task, sourceDir: string, contextTokens = 400, examples: Parameters<typeof buildDataset>[0]['examples'] = { train: 80, validation: 20 }) {
  const outputDir = await emptyFolder();
  const summary = await buildDataset({ task, condition: 'real', given: true, sourceDir, tokenizerFile: await characterTokenizer(await emptyFolder()), contextTokens, seed: 1, examples, outputDir });
  return { summary, outputDir, read: (split: string) => readExamples(outputDir, split) };
}

const facts = Array.from({ length: 12 }, (_, n) => fact(n));

describe('finished examples', () => {
  it('become prompts of the task around their contexts, with needles and answers where they stand', async () => {
    const { read, summary } = await built('mdqa', await imported('mdqa', facts));
    const [train, validation] = [await read('train'), await read('validation')];
    // As many as there are, in the proportion asked for.
    expect([train.length, validation.length, summary.examples]).toEqual([10, 2, 12]);
    for (const example of [...train, ...validation]) {
      const given = facts.find(({ id }) => id === example.id)!;
      expect(example.prompt).toContain(`\n${given.context}\n`);
      expect(example.prompt.endsWith(`Question: ${given.question}\nAnswer:`)).toBe(true);
      expect(example.needles.map((span) => spanText(example, span))).toEqual(given.needles);
      expect(example.answerSpans.map((span) => spanText(example, span))).toEqual([given.answer]);
    }
  });

  it('of SummHay Citation keep the order and the numbers of their documents', async () => {
    const { read } = await built('summhay', await imported('summhay', Array.from({ length: 4 }, (_, n) => citation(n))), 900);
    for (const example of [...(await read('train')), ...(await read('validation'))]) {
      const n = example.id.slice('cited-'.length);
      expect(example.prompt).toContain(citation(Number(n)).context);
      expect(example.needles.map((span) => spanText(example, span))).toEqual([`Mill ${n} was sold.`, `mill ${n} changed hands`]);
      expect(example.answerSpans.map((span) => spanText(example, span))).toEqual(['7', '12']);
    }
  });

  it('are left out, and counted, where they are longer than the prompts asked for', async () => {
    const long = fact(99, { context: `${'Much to tell. '.repeat(60)}${fact(99).needles[0]}` });
    const { read, outputDir } = await built('mdqa', await imported('mdqa', [...facts, long]));
    expect((await read('train')).concat(await read('validation'))).toHaveLength(12);
    expect((await readCard(outputDir)).dropped).toEqual({ 'context longer than the prompts asked for': 1 });
  });

  it('do not depend on the order of their file, and are at most as many as asked for', async () => {
    const ids = async (rows: readonly object[]) => (await (await built('mdqa', await imported('mdqa', rows, { trainRows: 6 }), 400, { train: 4, validation: 2 })).read('train')).map(({ id }) => id);
    const some = await ids(facts);
    expect(some).toHaveLength(4);
    expect(await ids([...facts].reverse())).toEqual(some);
  });

  it('may come with a test file', async () => {
    const sourceDir = await imported('mdqa', facts, { test: [fact(50), fact(51)] });
    expect((await (await built('mdqa', sourceDir, 400, { test: 5 })).read('test')).map(({ id }) => id).sort()).toEqual(['fact-50', 'fact-51']);
    await expect(imported('mdqa', facts, { test: [fact(0), fact(51)] })).rejects.toThrow(/id: found "fact-0" here and among the test examples, allowed: each id in one of them/);
  });

  it.each([
    ['a field that is missing', [fact(1), { ...fact(2), question: undefined }], 'mdqa', /mine\.jsonl, row 2.*question: found nothing/s],
    ['a needle that is not there', [fact(1), fact(2, { needles: ['elsewhere'] })], 'mdqa', /row 2: needles\[0\]: found "elsewhere", allowed: a text that stands in context/],
    ['a needle that is there twice', [fact(1, { needles: ['.'] }), fact(2)], 'mdqa', /row 1: needles\[0\]: found "\." more than once/],
    ['needles that overlap', [fact(1, { needles: ['hall 1 opens with code-1x', 'code-1x'] }), fact(2)], 'mdqa', /row 1: needles: found two that overlap/],
    ['an answer outside of the needles', [fact(1), fact(2, { answer: 'Nothing' })], 'mdqa', /row 2: answer: found "Nothing", allowed: an answer that stands in a needle/],
    ['other answers than the answer', [fact(1), fact(2, { answers: ['y'] })], 'mdqa', /row 2: answers: found .*allowed: answers that answer \("code-2x"\) is among/],
    ['an id twice', [fact(1), fact(1)], 'mdqa', /row 2: id: found "fact-1" a second time/],
    ['too few', [fact(1)], 'mdqa', /found 1 examples, allowed: at least 2/],
    ['citations of other documents', [citation(1), citation(2, { answer: '[7][3]' })], 'summhay', /row 2: answer: found "\[7\]\[3\]", allowed: the numbers of the documents that hold needles \(\[7\]\[12\]\)/],
    ['lines that are no documents', [citation(1), fact(2)], 'summhay', /row 2: context: found the line "Log of day 2\.", allowed: lines "Document \[n\]: …"/],
    ['a number twice', [citation(1, { context: citation(1).context.replace('[3]', '[7]') }), citation(2)], 'summhay', /row 1: context: found document \[7\] a second time/],
  ] as const)('are refused with %s', async (_, rows, task, problem) => {
    await expect(imported(task, rows)).rejects.toThrow(problem);
  });
});

describe('a spec of finished examples', () => {
  const tasks = [{ ...smallSpec().tasks[0]!, source: { kind: 'examples' as const, examples: 'mine.jsonl' } }];

  it('has one condition, and without a test file nothing that asks test questions', () => {
    expect(problemsWith({ tasks, conditions: ['real'], baselines: [], mask: undefined as never, leaveOut: ['evaluate'] })).toEqual([]);
    expect(problemsWith({ tasks, conditions: ['real', 'symbolic'] })).toEqual([
      'conditions: found "symbolic" of task "mdqa", allowed with source "examples": "real" (examples are used as they are; leaveOut takes the other cells of this task out)',
      'tasks[0].source.test: found nothing, needed by untuned, untuned-scaled, evaluate, mask; allowed: a file of test examples, or a sweep without these (leaveOut: ["evaluate"], baselines: [], no mask, no patch)',
    ]);
    expect(problemsWith({ tasks: [{ ...tasks[0]!, source: { ...tasks[0]!.source, test: 'test.jsonl' } }], conditions: ['real'] })).toEqual([]);
  });
});
