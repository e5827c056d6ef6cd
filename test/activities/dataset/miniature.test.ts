/** All six conditions of MDQA on the miniature source, over several seeds: what must hold for every example, seen from outside. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Tokenizer } from 'tokenizers';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildDataset } from '#activities/dataset/index.ts';
import { writeMiniature } from '#activities/source/index.ts';
import { namesOf } from '#activities/source/miniature/names.ts';
import { miniatureWorld } from '#activities/source/miniature/world.ts';
import type { Example } from '#workflows/contracts/dataset.ts';
import type { DataKind } from '#workflows/contracts/experiment.ts';
import { documents, emptyFolder, readCard, readExamples, spanText, tinyTokenizer } from './support.ts';

const CONDITIONS: DataKind[] = ['real', 'high/high', 'high/low', 'low/high', 'low/low', 'symbolic'];
const CONTEXT = 1024;
const SYMBOL = /^(?=.*\d)[a-z][a-z0-9]{3}$/;
const PADDING = 'The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again. ';
const world = miniatureWorld();
const testNames = new Set(namesOf(world, 'test').organisations);

let tokenizer: Tokenizer;
beforeAll(() => {
  tokenizer = Tokenizer.fromFile(tinyTokenizer);
});

async function build(condition: DataKind, seed: number, examples: { train: number; validation: number } | { test: number }, contextTokens = CONTEXT, atOnce?: number) {
  const [sourceDir, outputDir] = [await emptyFolder(), await emptyFolder()];
  const rows = 'test' in examples ? { trainRows: 0, testRows: examples.test } : { trainRows: examples.train + examples.validation, testRows: 0 };
  await writeMiniature({ task: 'mdqa', seed, ...rows, outputDir: sourceDir });
  const summary = await buildDataset({ task: 'mdqa', condition, sourceDir, tokenizerFile: tinyTokenizer, contextTokens, seed, examples, outputDir, ...(atOnce && { atOnce }) });
  const splits = await Promise.all(('test' in examples ? ['test'] : ['train', 'validation']).map((split) => readExamples(outputDir, split)));
  return { outputDir, summary, splits, examples: splits.flat() };
}

describe.each(CONDITIONS)('MDQA %s on the miniature', { timeout: 60_000 }, (condition) => {
  it.each([0, 1, 2, 3])('gives sound examples with seed %i', async (seed) => {
    const { examples } = await build(condition, seed, { train: 25, validation: 5 });
    expect(examples).toHaveLength(30);
    for (const example of examples) {
      await expectSound(example);
      if (condition === 'symbolic') expectDictionary(example);
      else expectDocuments(example, condition);
    }
  });

  it('is the same bytes every time, however many are made at a time, and other ones with another seed', async () => {
    const files = async (seed: number, atOnce?: number) => {
      const { outputDir } = await build(condition, seed, { train: 6, validation: 2 }, CONTEXT, atOnce);
      return Promise.all(['train.jsonl', 'validation.jsonl', 'card.json'].map((name) => readFile(join(outputDir, name), 'utf8')));
    };
    const once = await files(11);
    expect(await files(11)).toEqual(once);
    for (const atOnce of [1, 8]) expect(await files(11, atOnce)).toEqual(once);
    expect(await files(12)).not.toEqual(once);
  });
});

async function expectSound(example: Example) {
  const { prompt, answer, answers, needles, answerSpans, promptTokens, question } = example;
  const encoding = await tokenizer.encode(prompt);
  expect(encoding.getLength()).toBe(promptTokens);
  expect(encoding.getTokens().filter((token) => /unk/i.test(token))).toEqual([]);
  expect((await tokenizer.encode(` ${answer}`)).getTokens().filter((token) => /unk/i.test(token))).toEqual([]);
  expect(promptTokens).toBeLessThanOrEqual(CONTEXT);
  // No document or entry is longer than 60 tokens: at most one is missing.
  expect(promptTokens).toBeGreaterThan(CONTEXT - 60);
  expect(prompt.startsWith('The following are given passages.\n')).toBe(true);
  expect(prompt.endsWith(`\nAnswer the question based on the given passages. Only give me the answer and do not output any other words.\nQuestion: ${question}\nAnswer:`)).toBe(true);
  expect(needles).toHaveLength(1);
  expect(answerSpans).toHaveLength(1);
  const [needle, span] = [needles[0]!, answerSpans[0]!];
  expect(spanText(example, span)).toBe(answer);
  expect(answers).toEqual([answer]);
  expect(needle.start <= span.start && span.end <= needle.end).toBe(true);
  // The answer stands in the needle only, even as a part of a word.
  expect(prompt.toLowerCase().split(answer.toLowerCase())).toHaveLength(2);
}

function expectDocuments(example: Example, condition: DataKind) {
  const found = documents(example);
  const needle = spanText(example, example.needles[0]!);
  const [expression, diversity] = condition.split('/');
  expect(found.map(({ number }) => number)).toEqual(found.map((_, at) => at + 1));
  expect(new Set(found.map(({ title }) => title)).size).toBe(found.length);
  expect(found.filter(({ text }) => text.includes(needle))).toHaveLength(1);
  const { title: subject } = found.find(({ text }) => text.includes(needle))!;
  expect(example.question).toContain(subject);
  expect(needle).toMatch(expression === 'low' ? /^[A-Za-z0-9][^.]*\.$/ : /^[A-Z][^.]*\.$/);
  for (const { title, text } of found) {
    expect(testNames.has(title)).toBe(false);
    if (expression === 'low') expect(title).toMatch(SYMBOL);
    else expect(title).toMatch(/^[A-Z][a-z]+ [A-Z][a-z]+$/);
    if (condition === 'real') continue;
    // One sentence states a fact; the others are padding, in its order, or asides.
    expect(text).toContain(title);
    const around = text.split(/(?<=\.) /).filter((sentence) => !sentence.includes(title));
    if (diversity === 'low') expect(PADDING.repeat(4)).toContain(around.join(' '));
    else expect(around.every((sentence) => world.asides.includes(`${sentence.charAt(0).toLowerCase()}${sentence.slice(1, -1)} .`))).toBe(true);
  }
  if (expression === 'low') expect(example.answer).toMatch(SYMBOL);
}

function expectDictionary({ prompt, question, answer }: Example) {
  const line = prompt.split('\n')[1] ?? '';
  const pairs = [...line.matchAll(/"([^"]+)": "([^"]+)"/g)].map(([, key, value]) => [key as string, value as string] as const);
  expect(JSON.parse(line)).toEqual(Object.fromEntries(pairs));
  expect(pairs.flat().every((symbol) => SYMBOL.test(symbol))).toBe(true);
  expect(new Set(pairs.flat()).size).toBe(2 * pairs.length);
  const key = /^What is the value of key "(.+)"\?$/.exec(question)?.[1];
  expect(pairs.filter(([candidate]) => candidate === key)).toEqual([[key, answer]]);
}

describe('the six conditions of the miniature', { timeout: 60_000 }, () => {
  it('are paired: the same questions in the same order, the last ones for validation', async () => {
    const all = await Promise.all(CONDITIONS.map((condition) => build(condition, 4, { train: 9, validation: 3 })));
    const ids = all.map(({ splits }) => splits.map((examples) => examples.map(({ id }) => id)));
    for (const other of ids) expect(other).toEqual(ids[0]);
    expect(ids[0]?.map((list) => list.length)).toEqual([9, 3]);
    const question = (at: number) => all[at]!.examples.map((example) => example.question);
    expect(question(1)).toEqual(question(0));
    expect(all[2]!.examples.map(({ answer }) => answer)).toEqual(all[0]!.examples.map(({ answer }) => answer));
  });

  it('put needles anywhere with equal chance', async () => {
    for (const condition of ['real', 'symbolic'] as const) {
      const { examples, outputDir } = await build(condition, 8, { train: 180, validation: 20 }, 512);
      const context = (prompt: string) => [prompt.indexOf('\n'), prompt.lastIndexOf('\nAnswer the question')] as const;
      const depths = examples.map(({ prompt, needles }) => {
        const [start, end] = context(prompt);
        return (needles[0]!.start - start) / (end - start);
      });
      for (const quarter of [0, 1, 2, 3]) {
        const inside = depths.filter((depth) => Math.min(3, Math.floor(depth * 4)) === quarter).length;
        expect(inside).toBeGreaterThan(25); // 50 expected, standard deviation 6
        expect(inside).toBeLessThan(80);
      }
      const card = await readCard(outputDir);
      expect(card.splits.train?.examples).toBe(180);
      expect(card.splits.validation?.examples).toBe(20);
      expect(card.samples).toEqual(examples.slice(0, 3));
      const tokens = examples.slice(0, 180).map(({ promptTokens }) => promptTokens);
      expect(card.splits.train?.promptTokens).toMatchObject({ min: Math.min(...tokens), max: Math.max(...tokens) });
    }
  });

  it('have a real test split whose names no training example has', async () => {
    const { examples } = await build('real', 2, { test: 12 });
    expect(examples.every(({ split, condition }) => split === 'test' && condition === 'real')).toBe(true);
    expect(examples.flatMap(documents).every(({ title }) => testNames.has(title))).toBe(true);
  });
});
