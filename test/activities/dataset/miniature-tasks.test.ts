/** MuSiQue and SummHay on the miniature source, in every condition: what must hold is read off the prompt, the world and the source rows. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { Tokenizer } from 'tokenizers';
import { beforeAll, describe, expect, it } from 'vitest';
import { siblingChecks } from '#activities/analysis/siblings.ts';
import { buildDataset } from '#activities/dataset/index.ts';
import { readJsonLines, readMusiqueRows, readSummhayRows, writeMiniature } from '#activities/source/index.ts';
import { nameSplit } from '#activities/source/miniature/names.ts';
import { miniatureWorld } from '#activities/source/miniature/world.ts';
import { type Example, Pairing } from '#workflows/contracts/dataset.ts';
import { DataKind, dimensionsOf } from '#workflows/contracts/experiment.ts';
import type { Fact } from '#workflows/contracts/source.ts';
import { emptyFolder, readCard, readExamples, spanText, chainsTokenizer } from './support.ts';

interface Setting {
  task: 'musique' | 'summhay';
  hops?: 2 | 3;
  documents?: number;
}

const SETTINGS: Setting[] = [{ task: 'musique' }, { task: 'musique', hops: 2 }, { task: 'summhay' }, { task: 'summhay', documents: 6 }];
const conditionsOf = (task: Setting['task']) => DataKind.options.filter((condition) => !(task === 'summhay' && condition === 'limited'));
const CASES = SETTINGS.flatMap((setting) => conditionsOf(setting.task).map((condition) => ({ ...setting, condition, name: `${setting.task}, ${setting.hops ?? 3} hops, ${setting.documents ?? 10} documents, ${condition}` })));
const LENGTHS = [512, 768, 1024] as const;
/** Strings of a list that a context of ten documents has room for. */
const LIST_LENGTH = { 512: 3, 768: 6, 1024: 9 } as const;
const PADDING = ['The grass is green.', 'The sky is blue.', 'The sun is yellow.', 'Here we go.', 'There and back again.'];
const SYMBOL = /\b(?=[a-z0-9]*\d)[a-z][a-z0-9]{3}\b/g;
const NAME = /\b[A-Z][a-z]+ [A-Z][a-z]+\b/g;
const world = miniatureWorld();

let tokenizer: Tokenizer;
beforeAll(() => {
  tokenizer = Tokenizer.fromFile(chainsTokenizer);
});

type Counts = { train: number; validation: number } | { test: number };

interface Order extends Setting {
  condition: DataKind;
  seed: number;
  contextTokens?: (typeof LENGTHS)[number];
  examples?: Counts;
  atOnce?: number;
}

async function build({ task, hops = 3, documents, condition, seed, contextTokens = 512, examples = { train: 3, validation: 1 }, atOnce }: Order) {
  const [sourceDir, outputDir] = [await emptyFolder(), await emptyFolder()];
  const split = 'test' in examples ? 'test' : 'train';
  // Of these and 48 further ones, two in five are of triples.
  await writeMiniature({ task, hops, seed, trainRows: split === 'test' ? 0 : 24, testRows: split === 'test' ? 24 : 0, outputDir: sourceDir });
  const options = { listLength: LIST_LENGTH[contextTokens], dictionaryEntries: 2, ...(documents && { documents }) };
  await buildDataset({ task, condition, sourceDir, tokenizerFile: chainsTokenizer, contextTokens, seed, examples, options, outputDir, ...(atOnce && { atOnce }) });
  const facts = new Map<string, Fact[]>();
  if (task === 'musique') for await (const row of readMusiqueRows(sourceDir, split)) facts.set(row.id, row.hops.map(({ fact }) => fact!));
  else for await (const row of readSummhayRows(sourceDir, split)) facts.set(row.id, [row.fact!]);
  const found = (await Promise.all((split === 'test' ? ['test'] : ['train', 'validation']).map((name) => readExamples(outputDir, name)))).flat();
  const pairings: Pairing[] = [];
  for await (const { value } of readJsonLines(Pairing, join(outputDir, 'pairing.jsonl'))) pairings.push(value);
  return { outputDir, examples: found, facts, pairings };
}

/** Lines of the context that are documents, with their numbers. */
function documentsOf({ prompt }: Example): { number: number; text: string }[] {
  return [...prompt.matchAll(/^Document \[?(\d+)\]?: (.*)$/gm)].map(([, number, text]) => ({ number: Number(number), text: text as string }));
}

const timesIn = (text: string, part: string) => text.toLowerCase().split(part.toLowerCase()).length - 1;

describe.each(CASES)('the miniature: $name', ({ task, hops = 3, documents, condition }) => {
  it('gives sound examples at every length (for any seed)', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 - 1 }), fc.constantFrom(...LENGTHS), async (seed, contextTokens) => {
        const { examples, facts, pairings } = await build({ task, hops, ...(documents && { documents }), condition, seed, contextTokens });
        expect(new Set(examples.map(({ id }) => id)).size).toBe(4);
        for (const example of examples) {
          await expectWhole(example, condition, contextTokens);
          if (task === 'musique') expectChain(example, condition, hops, facts.get(example.id)!);
          else expectCitation(example, condition, documents ?? 10, facts.get(example.id)![0]!);
        }
        const diversity = dimensionsOf(condition)?.diversity;
        if (diversity) for (const { padding } of pairings) expect(padding).toBe(diversity === 'low' ? 1 : 0);
      }),
      // Seeds at which the last key asked for stood in one dictionary alone (symbolic, three and two hops).
      { numRuns: 4, examples: [[46789306, 512], ...(hops === 2 ? [[43524198, 512] as [number, 512]] : [])] },
    );
  });

  it('is the same bytes every time, however many are made at a time, and other ones with another seed', async () => {
    const files = async (seed: number, atOnce: number) => {
      const { outputDir } = await build({ task, hops, ...(documents && { documents }), condition, seed, atOnce });
      return Promise.all(['train.jsonl', 'validation.jsonl', 'card.json', 'pairing.jsonl'].map((name) => readFile(join(outputDir, name), 'utf8')));
    };
    const once = await files(11, 1);
    expect(await files(11, 8)).toEqual(once);
    expect(await files(12, 8)).not.toEqual(once);
  });
});

async function expectWhole(example: Example, condition: DataKind, contextTokens: number) {
  const { prompt, answer, answers, task, promptTokens, needles, question } = example;
  const encoding = await tokenizer.encode(prompt);
  expect(encoding.getLength()).toBe(promptTokens);
  expect(encoding.getTokens().filter((token) => /unk/i.test(token))).toEqual([]);
  expect(promptTokens).toBeLessThanOrEqual(contextTokens);
  // No document, dictionary or text put in is longer; SummHay's lists are as long as they are.
  if (!(task === 'summhay' && condition === 'symbolic')) expect(promptTokens).toBeGreaterThan(contextTokens - 60);
  expect(prompt.endsWith(`\n${task === 'summhay' ? 'Statement' : 'Question'}: ${question}\nAnswer:`)).toBe(true);
  expect(answers).toEqual([answer]);
  const context = prompt.slice(0, prompt.lastIndexOf(question));
  for (const span of needles) {
    const text = spanText(example, span);
    expect(context.split(text).length - 1).toBe(needles.filter((other) => spanText(example, other) === text).length);
  }
}

function expectChain(example: Example, condition: DataKind, hops: number, facts: readonly Fact[]) {
  const { prompt, question, answer, needles, answerSpans } = example;
  expect(facts).toHaveLength(hops);
  expect(needles).toHaveLength(hops);
  // The answer stands in one needle and nowhere else, even as a part of a word.
  expect(new Set(answerSpans.map((span) => spanText(example, span)))).toEqual(new Set([answer]));
  expect(needles.filter(({ start, end }) => answerSpans.every((span) => start <= span.start && span.end <= end))).toHaveLength(1);
  expect(timesIn(prompt, answer)).toBe(answerSpans.length);
  const said = needles.map((span) => spanText(example, span));
  if (condition === 'symbolic') return expectLookUps(example, hops);

  const { expression, diversity } = dimensionsOf(condition) ?? { expression: 'high', diversity: null };
  const documents = documentsOf(example);
  const naming = (name: string) => documents.filter(({ text }) => timesIn(text, name) > 0).map(({ number }) => number);
  if (expression === 'low') {
    expect(prompt).not.toMatch(/\(Title: [A-Z]/);
    expect(prompt.match(NAME)).toBeNull();
    // From the one symbol of the question on, each leads to one other.
    let at = question.match(SYMBOL)![0]!;
    expect(question.match(SYMBOL)).toHaveLength(1);
    const visited = new Set<number>();
    for (let hop = 0; hop < hops; hop += 1) {
      const open = documents.filter(({ number, text }) => !visited.has(number) && text.match(SYMBOL)?.includes(at));
      expect(open).toHaveLength(1);
      visited.add(open[0]!.number);
      const others = new Set(open[0]!.text.match(SYMBOL)!.filter((symbol) => symbol !== at));
      expect(others.size).toBe(1);
      [at] = [...others] as [string];
    }
    expect(at).toBe(answer);
  } else {
    expect(facts.at(-1)!.value).toBe(answer);
    expect(question).toContain(facts[0]!.subject);
    for (const [hop, { subject, value }] of facts.entries()) {
      expect(naming(subject)).toHaveLength(hop === 0 ? 1 : 2);
      if (hop > 0) expect(subject).toBe(facts[hop - 1]!.value);
      // One needle says it, in a document about its subject: a real one may say "it" for that.
      expect(documents.filter(({ text }) => text.includes(subject) && said.some((needle) => needle.includes(value) && text.includes(needle)))).toHaveLength(1);
    }
  }
  if (diversity === 'low') for (const { text } of documents) expect(text.split(/(?<=\.) /).filter((sentence) => !said.includes(sentence))).toEqual(PADDING);
  if (diversity === 'high') expect(new Set(documents.map(({ text }) => /^\(Title: (.*?)\)/.exec(text)?.[1])).size).toBe(documents.length);
  const nouns = [...facts].reverse().map(({ subjectType, relation }) => world.relations[subjectType][relation]!.noun);
  if (condition === 'limited' || expression === 'low') expect(question).toMatch(new RegExp(`^What is the ${nouns.join(' of the ')} of (the )?\\S+( \\S+)?\\?$`));
}

function expectLookUps({ prompt, question, answer }: Example, hops: number) {
  const dictionaries = new Map([...prompt.matchAll(/^([A-Z]{4}) \{(.*)\}$/gm)].map(([, name, entries]) => [name!, new Map([...entries!.matchAll(/'([A-Z]{4})': '([A-Z]{4})'/g)].map(([, key, value]) => [key!, value!]))]));
  const keys = [...question.matchAll(/the ([A-Z]{4}) of/g)].map(([, key]) => key!).reverse();
  expect(keys).toHaveLength(hops);
  expect([...dictionaries.values()].every(({ size }) => size === 2)).toBe(true);
  expect(keys.reduce((at, key) => dictionaries.get(at)!.get(key)!, /of ([A-Z]{4})\?$/.exec(question)![1]!)).toBe(answer);
  // The last key alone does not tell the dictionary.
  expect([...dictionaries.values()].filter((entries) => entries.has(keys.at(-1)!)).length).toBeGreaterThan(1);
}

function expectCitation(example: Example, condition: DataKind, count: number, { subject, value }: Fact) {
  const { question, answer, needles, answerSpans } = example;
  const documents = documentsOf(example);
  expect(documents).toHaveLength(count);
  expect(new Set(documents.map(({ number }) => number)).size).toBe(count);
  const holders = condition === 'symbolic' ? documents.filter(({ text }) => text.includes(`'${question}'`)) : documents.filter(({ text }) => text.includes(subject));
  expect(holders).toHaveLength(2);
  expect(answer).toBe(holders.map(({ number }) => number).sort((a, b) => a - b).map((number) => `[${number}]`).join(''));
  expect(answerSpans.map((span) => Number(spanText(example, span)))).toEqual(holders.map(({ number }) => number));
  const said = needles.map((span) => spanText(example, span));
  expect(said).toHaveLength(2);
  for (const [at, { text }] of holders.entries()) expect(text).toContain(said[at]);
  if (condition === 'symbolic') return;
  for (const text of [...said, question]) expect([text.includes(subject), text.includes(value)]).toEqual([true, true]);
  expect(said).not.toContain(question);
  // Synthetic needles are the same sentence, real ones are not.
  expect(new Set(said).size).toBe(condition === 'real' ? 2 : 1);
  const sentences = documents.flatMap(({ text }) => text.split(/(?<=\.) /));
  if (dimensionsOf(condition)?.diversity === 'low') return expect(sentences.filter((sentence) => !PADDING.includes(sentence))).toEqual(said);
  // That something is said twice does not tell what is asked for.
  const subjects = sentences.flatMap((sentence) => [...new Set(sentence.match(NAME))]);
  const twice = new Set(subjects.filter((name) => name !== subject && subjects.indexOf(name) !== subjects.lastIndexOf(name)));
  expect(twice.size).toBeGreaterThan(1);
}

describe.each(SETTINGS)('the conditions of the miniature: $task, hops $hops, documents $documents', { timeout: 60_000 }, (setting) => {
  it('are paired, and differ in the intended dimension only', async () => {
    const all = new Map<DataKind, Awaited<ReturnType<typeof build>>>();
    for (const condition of conditionsOf(setting.task)) if (condition !== 'limited') all.set(condition, await build({ ...setting, condition, seed: 4, examples: { train: 9, validation: 3 } }));
    const asked = (condition: DataKind) => all.get(condition)!.examples.map(({ question }) => question);
    for (const { examples } of all.values()) expect(examples.map(({ id }) => id)).toEqual(all.get('real')!.examples.map(({ id }) => id));
    expect(asked('high/high')).toEqual(asked('real'));
    const checks = siblingChecks(setting.task, new Map([...all].map(([condition, { pairings }]) => [condition, pairings])));
    expect(checks.map(({ holds }) => holds)).toEqual([true, true, true, true]);
    for (const [condition, { outputDir }] of all) {
      const generator = condition === 'real' ? 'miniature templates' : condition === 'symbolic' ? 'random symbols' : 'miniature templates';
      expect((await readCard(outputDir)).generator).toBe(generator);
    }
  });

  it('have a real test split whose names no training example has', async () => {
    const names = async (examples: Counts) => {
      const { examples: found } = await build({ ...setting, condition: 'real', seed: 2, examples });
      const [organisations, people] = [['adjective', 'kind'], ['first', 'last']] as const;
      return found.flatMap(({ prompt }) => (prompt.match(NAME) ?? []).flatMap((name) => {
        const [first, second] = name.toLowerCase().split(' ') as [string, string];
        const known = [organisations, people].some(([a, b]) => world.names[a].includes(first) && world.names[b].includes(second));
        return known ? [nameSplit(first, second)] : [];
      }));
    };
    expect(new Set(await names({ test: 12 }))).toEqual(new Set(['test']));
    expect(new Set(await names({ train: 6, validation: 2 }))).toEqual(new Set(['train']));
  });
});

describe('the symbolic dictionaries', () => {
  it('have as many entries as are asked for', async () => {
    const { examples } = await build({ task: 'musique', condition: 'symbolic', seed: 3 });
    for (const { prompt } of examples) for (const [, entries] of prompt.matchAll(/^[A-Z]{4} \{(.*)\}$/gm)) expect(entries!.match(/: '/g)).toHaveLength(2);
  });
});
