/** MDQA datasets from imported rows: refused conditions, passages of the pool, dropped rows, spans, and the real data. */
import { describe, expect, it } from 'vitest';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildDataset, DatasetError, type DatasetRequest } from '#activities/dataset/index.ts';
import { importNqOpen, normalise } from '#activities/source/index.ts';
import type { MdqaRow, Passage } from '#workflows/contracts/source.ts';
import { characterTokenizer, documents, emptyFolder, hasRealData, readCard, readExamples, realOracle, realPool, realQuestions, spanText, tinyTokenizer, writeSource } from './support.ts';

const row = (n: number, more: Partial<MdqaRow> = {}): MdqaRow => ({
  id: `row-${n}`,
  question: `who built tower number ${n}`,
  answers: ['Nobody', `Builder ${n}z`],
  gold: { title: `Tower ${n}`, text: `Tower ${n} was built by builder ${n}z, a mason. Builder ${n}z also built walls.` },
  distractors: [{ title: 'River', text: 'A river flows.' }],
  ...more,
});
const pool: Passage[] = [
  { title: 'Builder 2z', text: 'Someone.' },
  { title: 'Anything', text: 'Nothing of use is said.' },
  { title: 'Towers', text: 'A tower number is carved on each tower.' },
  ...Array.from({ length: 40 }, (_, n) => ({ title: `Hill ${n}`, text: `Hill ${n} is steep.` })),
];

async function build(rows: { train?: MdqaRow[]; test?: MdqaRow[] }, request: Partial<DatasetRequest> = {}, passages = pool) {
  const [sourceDir, outputDir] = [await emptyFolder(), await emptyFolder()];
  await writeSource(sourceDir, rows, passages);
  const tokenizerFile = await characterTokenizer(sourceDir);
  const examples = 'test' in rows ? { test: rows.test?.length ?? 0 } : { train: (rows.train?.length ?? 0) - 1, validation: 1 };
  const summary = await buildDataset({ task: 'mdqa', condition: 'real', sourceDir, tokenizerFile, contextTokens: 900, seed: 0, examples, outputDir, ...request });
  return { summary, outputDir, train: await readExamples(outputDir, 'test' in rows ? 'test' : 'train') };
}

describe('the real condition', () => {
  it('fills with own distractors, then with the passages of the pool most like the question, never with an answer', async () => {
    const { train } = await build({ train: [row(1), row(2), row(3)] });
    for (const example of train) {
      const found = documents(example);
      expect(found.map(({ title }) => title)).toContain('River');
      expect(found.map(({ title }) => title)).toContain('Towers');
      const gold = found.find(({ text }) => text === spanText(example, example.needles[0]!));
      expect(example.question).toContain(gold?.title.split(' ')[1]);
      expect(example.promptTokens).toBe(Array.from(example.prompt).length + 1);
      expect(example.promptTokens).toBeGreaterThan(900 - 60);
    }
    // "Builder 2z" answers the second question, so it may stand around the first only.
    expect(train.map((example) => documents(example).some(({ title }) => title === 'Builder 2z'))).toEqual([true, false]);
  });

  it('fills with the passages that a retriever ranked first, never with an answer, however well it is ranked', async () => {
    const rankingDir = await emptyFolder();
    // "Builder 2z" is ranked first for both, then hills from the end of the pool.
    const hills = Array.from({ length: 40 }, (_, n) => pool.length - 1 - n);
    const ranked = [1, 2, 3].map((n) => JSON.stringify({ id: `row-${n}`, question: row(n).question, passages: [0, ...hills] }));
    await writeFile(join(rankingDir, 'ranking.jsonl'), ranked.join('\n'));
    const { train } = await build({ train: [row(1), row(2), row(3)] }, { rankingDir });
    for (const [at, example] of train.entries()) {
      const further = documents(example).map(({ title }) => title).filter((title) => title !== 'River' && !title.startsWith('Tower '));
      const hillsIn = further.filter((title) => title.startsWith('Hill '));
      // Those that fit are the best of the ranking, in whatever order they stand; the pool's best by words is not among them.
      expect(hillsIn.sort()).toEqual(hills.slice(0, hillsIn.length).map((id) => pool[id]!.title).sort());
      expect(hillsIn.length).toBeGreaterThan(5);
      expect(further.filter((title) => !title.startsWith('Hill '))).toEqual(at === 0 ? ['Builder 2z'] : []);
    }
  });

  it('trains on an answer that can be copied and marks every place where an answer stands in the needle', async () => {
    const { train: [example] } = await build({ train: [row(1), row(2)] });
    expect(example?.answer).toBe('Builder 1z');
    expect(example?.answers).toEqual(['Nobody', 'Builder 1z']);
    expect(example?.answerSpans.map((span) => spanText(example, span))).toEqual(['builder 1z', 'Builder 1z']);
  });

  it('counts spans in code points', async () => {
    const gold = { title: '𝔗ower 😀', text: 'The 😀 tower of 🏔️ was built by 𝔅uilder 𝟙 in May.' };
    const { train: [example] } = await build({ train: [row(1, { gold, answers: ['𝔅uilder 𝟙'], distractors: [{ title: '🗼', text: '😀 '.repeat(20) }] }), row(2)] });
    const { prompt, needles, answerSpans } = example!;
    expect(spanText(example!, needles[0]!)).toBe(gold.text);
    expect(spanText(example!, answerSpans[0]!)).toBe('𝔅uilder 𝟙');
    expect(prompt.slice(answerSpans[0]!.start, answerSpans[0]!.end)).not.toBe('𝔅uilder 𝟙');
  });

  it('replaces rows that do not fit by spare ones, alike in every condition, and counts them', async () => {
    const long = row(2, { gold: { title: 'Long', text: `Built by builder 2z. ${'Very long. '.repeat(100)}` } });
    const rows = { train: [row(1), long, row(3), row(4)] };
    for (const condition of ['real', 'symbolic'] as const) {
      const { summary, outputDir, train } = await build(rows, { condition, examples: { train: 2, validation: 1 } });
      expect(train.map(({ id }) => id)).toEqual(['row-1', 'row-3']);
      expect(summary).toMatchObject({ examples: 3, dropped: 1 });
      expect((await readCard(outputDir)).dropped).toEqual({ 'gold passage longer than the context': 1 });
    }
  });
});

describe('the limited condition', () => {
  const asked = (n: number, question: string) => row(n, { question: `${question} tower ${n}` });
  const rows = [asked(1, 'who built'), asked(2, 'which is'), asked(3, 'When was built'), asked(4, 'the whole of'), asked(5, 'WHERE is'), asked(6, 'in what year, and who built')];

  it.each([
    ['L1', ['row-1', 'row-3', 'row-5', 'row-6'], { 'question without who, when, where (L1)': 2 }],
    ['L2', ['row-3', 'row-5'], { 'question without when, where (L2)': 4 }],
    ['L3', ['row-1', 'row-6'], { 'question without who (L3)': 4 }],
  ] as const)('%s takes the questions with its words, as many as there are, and counts the others', async (limited, ids, dropped) => {
    const { outputDir, train } = await build({ train: rows }, { condition: 'limited', options: { limited }, examples: { train: 30, validation: 10 } });
    const validation = await readExamples(outputDir, 'validation');
    expect([...train, ...validation].map(({ id }) => id)).toEqual(ids);
    expect(validation).toHaveLength(1);
    const counted = (await readCard(outputDir)).dropped;
    // Rows behind the last example are not looked at.
    for (const [reason, count] of Object.entries(dropped)) expect(counted[reason]).toBeLessThanOrEqual(count);
  });

  it('is smaller by the questions that the context has no room for', async () => {
    const long = row(3, { question: 'When was built tower 3', gold: { title: 'Long', text: `Built by builder 3z. ${'Very long. '.repeat(100)}` } });
    const { train, outputDir } = await build({ train: [...rows.slice(0, 2), long, ...rows.slice(3)] }, { condition: 'limited', examples: { train: 30, validation: 10 } });
    expect([...train, ...(await readExamples(outputDir, 'validation'))].map(({ id }) => id)).toEqual(['row-1', 'row-5', 'row-6']);
    expect((await readCard(outputDir)).dropped).toMatchObject({ 'gold passage longer than the context': 1 });
  });

  it('is as large as the full dataset where there are enough rows, and the same questions in the same form', async () => {
    const full = await build({ train: rows }, { examples: { train: 5, validation: 1 } });
    const limited = await build({ train: rows }, { condition: 'limited', examples: { train: 2, validation: 1 } });
    expect(limited.train.map(({ id }) => id)).toEqual(['row-1', 'row-3']);
    const real = full.train.find(({ id }) => id === 'row-3')!;
    expect(limited.train[1]).toMatchObject({ question: real.question, answer: real.answer, condition: 'limited' });
  });
});

describe('a dataset is refused', () => {
  const refused = async (problem: Promise<unknown>, message: RegExp) => {
    const error = await problem.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DatasetError);
    expect(error).toMatchObject({ nonRetryable: true, message: expect.stringMatching(message) });
  };

  it.each(['high/high', 'high/low', 'low/high', 'low/low'] as const)('in condition %s, without the texts that are written for it', async (condition) => {
    await refused(build({ train: [row(1), row(2)] }, { condition }), new RegExp(`condition: found "${condition}" without written texts, allowed for mdqa with this source: real, limited, symbolic`));
  });
  it('as a synthetic test split', async () => {
    await refused(build({ test: [row(1)] }, { condition: 'symbolic' }), /condition: found "symbolic", allowed for the test split: real/);
  });
  it('with too few rows', async () => {
    await refused(build({ train: [row(1), row(2)] }, { examples: { train: 4, validation: 1 } }), /train examples: found 2 usable source rows \(dropped: none\), needed: 4/);
  });
  it('with too few passages for its length', async () => {
    await refused(build({ train: [row(1), row(2)] }, { contextTokens: 5000 }, []), /found 0 usable source rows \(dropped: 2 × too few passages without its answer to fill the context\), needed: 1; allowed: .*a shorter context, or a source with more/);
  });
  it('with a file that is no tokenizer', async () => {
    await refused(build({ train: [row(1), row(2)] }, { tokenizerFile: 'package.json' }), /package\.json: found no usable tokenizer/);
  });
});

describe('filling to length', () => {
  const replace = (pattern: string, content: string) => ({ type: 'Replace', pattern: { String: pattern }, content });
  it.each([
    ['longer', replace('\nDocument', '\n######Document')],
    ['shorter', replace('.\nDocument', 'D')],
  ])('stays within it where joining passages makes them %s', async (_, normalizer) => {
    const sourceDir = await emptyFolder();
    const tokenizerFile = await characterTokenizer(sourceDir, normalizer);
    const { train } = await build({ train: [row(1), row(2), row(3)] }, { tokenizerFile });
    for (const { promptTokens } of train) {
      expect(promptTokens).toBeLessThanOrEqual(900);
      expect(promptTokens).toBeGreaterThan(900 - 60);
    }
  });
});

describe.skipIf(!hasRealData)('the real NQ-Open data (needs ../shared)', { timeout: 120_000 }, () => {
  it.each([
    ['20 documents', realQuestions],
    ['the oracle file and the pool', realOracle],
  ])('gives sound examples from %s', async (_, questionsFile) => {
    const [sourceDir, outputDir] = [await emptyFolder(), await emptyFolder()];
    await importNqOpen({ questionsFile, poolFile: realPool, seed: 1, trainRows: 40, testRows: 1, outputDir: sourceDir });
    await buildDataset({ task: 'mdqa', condition: 'real', sourceDir, tokenizerFile: tinyTokenizer, contextTokens: 4096, seed: 1, examples: { train: 36, validation: 4 }, outputDir });
    const examples = await readExamples(outputDir, 'train');
    expect(examples).toHaveLength(36);
    for (const example of examples) {
      const needle = spanText(example, example.needles[0]!);
      const found = documents(example);
      expect(found.filter(({ text }) => text === needle)).toHaveLength(1);
      expect(example.promptTokens).toBeGreaterThan(4096 - 400);
      expect(example.promptTokens).toBeLessThanOrEqual(4096);
      expect(needle.toLowerCase()).toContain(example.answer.toLowerCase());
      const answers = example.answers.map((answer) => answer.toLowerCase());
      for (const span of example.answerSpans) expect(answers).toContain(spanText(example, span).toLowerCase());
      for (const { title, text } of found.filter((document) => document.text !== needle)) {
        const normal = normalise(`${title} ${text}`);
        expect(example.answers.filter((answer) => normal.includes(normalise(answer)))).toEqual([]);
      }
    }
  });
});
