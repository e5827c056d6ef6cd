/** MuSiQue datasets: real contexts with padding, chains of dictionaries, and the real data where it lies beside the checkout. */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildDataset, type DatasetRequest } from '#activities/dataset/index.ts';
import { symbolicDraft, verifyChain } from '#activities/dataset/musique/symbolic.ts';
import { seededRandom } from '#activities/random/seeded.ts';
import { importMusique, PADDING } from '#activities/source/index.ts';
import type { MusiqueRow, Passage } from '#workflows/contracts/source.ts';
import { characterTokenizer, emptyFolder, readExamples, spanText, tinyTokenizer, writeSource } from './support.ts';

const row = (n: number, more: Partial<MusiqueRow> = {}): MusiqueRow => ({
  id: `3hop1__${n}`,
  question: `who led the land of town ${n}`,
  answers: ['Nobody', `Leader ${n}x`],
  hops: [
    { id: 3 * n, question: `Town ${n} >> located in`, answer: `Land ${n}`, support: 0, triple: { subject: `Town ${n}`, relation: 'located in' } },
    { id: 3 * n + 1, question: 'capital of #1', answer: `City ${n}`, support: 1, triple: null },
    { id: 3 * n + 2, question: 'who led #2', answer: `Leader ${n}x`, support: 2, triple: null },
  ],
  supports: [
    { title: `Town ${n}`, text: `Town ${n} lies in Land ${n}.` },
    { title: `Land ${n}`, text: `The capital of Land ${n} is City ${n}.` },
    { title: `City ${n}`, text: `City ${n} was led by leader ${n}x.` },
  ],
  distractors: [{ title: 'River', text: 'A river flows.' }],
  ...more,
});
const pool: Passage[] = [
  { title: 'Copy', text: 'More. Town 1 lies in Land 1. And more.' },
  { title: 'Answer', text: 'Leader 1x and Leader 2x.' },
  ...Array.from({ length: 40 }, (_, n) => ({ title: `Land hill ${n}`, text: `Hill ${n} is steep.` })),
];

async function build(rows: MusiqueRow[], request: Partial<DatasetRequest> = {}) {
  const [sourceDir, outputDir] = [await emptyFolder(), await emptyFolder()];
  await writeSource(sourceDir, { train: rows }, pool);
  const tokenizerFile = await characterTokenizer(sourceDir);
  await buildDataset({ task: 'musique', condition: 'real', sourceDir, tokenizerFile, contextTokens: 6000, seed: 0, examples: { train: rows.length - 1, validation: 1 }, outputDir, ...request });
  return { outputDir, train: await readExamples(outputDir, 'train') };
}

describe('MuSiQue real', () => {
  it('holds the supporting paragraphs as needles, 20 paragraphs in all, and padding paragraphs up to its length', async () => {
    const { train } = await build([row(1), row(2), row(3)]);
    const paragraph = Array.from({ length: 5 }, () => PADDING.join(' ')).join(' ');
    for (const [at, example] of train.entries()) {
      const source = row(at + 1);
      expect(example.needles.map((span) => spanText(example, span)).sort()).toEqual(source.supports.map(({ text }) => text).sort());
      expect(example.answer).toBe(`Leader ${at + 1}x`);
      expect(example.answerSpans.map((span) => spanText(example, span))).toEqual([`leader ${at + 1}x`]);
      const documents = [...example.prompt.matchAll(/^Document (\d+): (.*)$/gm)].map(([, , text]) => text as string);
      expect(documents.filter((text) => text !== paragraph)).toHaveLength(20);
      expect(documents.filter((text) => text === paragraph).length).toBeGreaterThan(5);
      expect(documents.some((text) => text.includes('A river flows.'))).toBe(true);
      expect(documents.some((text) => text.startsWith('(Title: Answer)'))).toBe(at === 2);
      if (at === 0) expect(documents.some((text) => text.startsWith('(Title: Copy)'))).toBe(false);
      expect(example.promptTokens).toBeGreaterThan(6000 - 700);
      expect(example.promptTokens).toBeLessThanOrEqual(6000);
    }
  });
});

describe('MuSiQue with a ranking', () => {
  it('gives a row that came with few paragraphs those that were ranked first, without copies and answers', async () => {
    const rankingDir = await emptyFolder();
    const ranked = Array.from({ length: pool.length }, (_, n) => (n < 2 ? n : pool.length + 1 - n));
    await writeFile(join(rankingDir, 'ranking.jsonl'), [1, 2].map((n) => JSON.stringify({ id: row(n).id, question: row(n).question, passages: ranked })).join('\n'));
    const { train: [example] } = await build([row(1), row(2)], { rankingDir });
    const titles = [...example!.prompt.matchAll(/^Document \d+: \(Title: (.*?)\)/gm)].map(([, title]) => title as string);
    // 20 paragraphs: three supports, the row's own distractor, and the last sixteen of the pool.
    expect(titles.filter((title) => title.startsWith('Land hill ')).sort()).toEqual(pool.slice(-16).map(({ title }) => title).sort());
    expect(titles).not.toContain('Copy');
    expect(titles).not.toContain('Answer');
  });
});

it('takes an answer that is part of the layout’s own words for what it is', async () => {
  const { train } = await build([row(1, { answers: ['Leader 1x', 'it'] }), row(2)]);
  expect(train[0]!.answers).toContain('it');
});

describe('MuSiQue limited', () => {
  it('takes questions whose hops are all triples', async () => {
    const triples = (n: number) => row(n, { hops: row(n).hops.map((hop) => ({ ...hop, triple: { subject: 'X', relation: 'r' } })) });
    const { train } = await build([row(1), triples(2), row(3), triples(4)], { condition: 'limited', examples: { train: 1, validation: 1 } });
    expect(train.map(({ id, condition }) => [id, condition])).toEqual([['3hop1__2', 'limited']]);
  });
});

describe('MuSiQue symbolic', () => {
  it('asks for a chain with exactly one answer, hidden among dictionaries with the same keys (for any seed)', async () => {
    const tokenizerFile = await characterTokenizer(await emptyFolder());
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 - 1 }), fc.integer({ min: 1500, max: 9000 }), async (seed, contextTokens) => {
        const { train } = await build([row(1), row(2)], { condition: 'symbolic', seed, contextTokens, tokenizerFile });
        const { prompt, question, answer, needles, promptTokens } = train[0]!;
        expect(promptTokens).toBeLessThanOrEqual(contextTokens);
        const [, p3, p2, p1, start] = /^What is the ([A-Z]{4}) of the ([A-Z]{4}) of the ([A-Z]{4}) of ([A-Z]{4})\?$/.exec(question) as unknown as string[];
        expect(verifyChain(prompt, start!, [p1!, p2!, p3!], answer)).toBeNull();
        expect(needles).toHaveLength(3);
        expect(prompt.split(answer)).toHaveLength(2);
        const dictionaries = prompt.match(/^[A-Z]{4} \{.*\}$/gm) as string[];
        expect(dictionaries.every((line) => line.match(/'[A-Z]{4}': '[A-Z]{4}'/g)?.length === 10)).toBe(true);
        if (contextTokens > 5000) expect(dictionaries.filter((line) => line.includes(`'${p3}':`)).length).toBeGreaterThan(1);
      }),
      { numRuns: 25 },
    );
  });

  it('notices a chain that leads elsewhere, breaks off, or has two ways', () => {
    const lines = ["AAAA {'KEYA': 'BBBB', 'KEYB': 'XXXX'}", "BBBB {'KEYB': 'CCCC'}", "CCCC {'KEYC': 'GOAL'}"];
    const verify = (text: string[]) => verifyChain(text.join('\n'), 'AAAA', ['KEYA', 'KEYB', 'KEYC'], 'GOAL');
    expect(verify(lines)).toBeNull();
    expect(verify([...lines.slice(0, 2), "CCCC {'KEYC': 'ELSE'}"])).toMatch(/leads to ELSE, allowed: GOAL/);
    expect(verify(lines.slice(0, 2))).toMatch(/found no KEYC of CCCC/);
    expect(verify([...lines, "BBBB {'KEYB': 'DDDD'}"])).toMatch(/two dictionaries named BBBB/);
    expect(verify(["AAAA {'KEYA': 'BBBB', 'KEYA': 'CCCC'}", ...lines.slice(1)])).toMatch(/a key twice in dictionary AAAA/);
  });

  it('never draws a word of the prompt', () => {
    const words = new Set(['ONLY', 'GIVE', 'WITH', 'THAT', 'THEN', 'BOTH', 'GIVEN']);
    for (let seed = 0; seed < 200; seed += 1) {
      const { required } = symbolicDraft(seededRandom('test', seed));
      for (const { text } of required) for (const symbol of text.match(/[A-Z]+/g) ?? []) expect(words.has(symbol)).toBe(false);
    }
  });
});

describe.each(['real', 'symbolic'] as const)('MuSiQue %s', (condition) => {
  it('is the same bytes every time, and other ones with another seed', async () => {
    const bytes = async (seed: number) => {
      const { outputDir } = await build([row(1), row(2), row(3)], { condition, seed });
      return Promise.all(['train.jsonl', 'validation.jsonl', 'card.json'].map((name) => readFile(join(outputDir, name), 'utf8')));
    };
    const once = await bytes(1);
    expect(await bytes(1)).toEqual(once);
    expect(await bytes(2)).not.toEqual(once);
  });
});

const data = (name: string) => fileURLToPath(new URL(`../../../../shared/data/musique/${name}.jsonl.gz`, import.meta.url));
describe.skipIf(!existsSync(data('musique-rows')))('the real MuSiQue data (needs ../shared)', { timeout: 120_000 }, () => {
  it('gives sound examples', async () => {
    const [sourceDir, outputDir] = [await emptyFolder(), await emptyFolder()];
    await importMusique({ questionsFiles: [data('musique-rows'), data('musique-3hop-joined')], poolFile: data('paragraph-pool'), seed: 1, trainRows: 60, testRows: 20, outputDir: sourceDir });
    await buildDataset({ task: 'musique', condition: 'real', sourceDir, tokenizerFile: tinyTokenizer, contextTokens: 16_384, seed: 1, examples: { train: 54, validation: 6 }, outputDir });
    const examples = await readExamples(outputDir, 'train');
    expect(examples).toHaveLength(54);
    for (const example of examples) {
      expect(example.promptTokens).toBeLessThanOrEqual(16_384);
      expect(example.promptTokens).toBeGreaterThan(16_384 * 0.98);
      expect(example.needles.length).toBeGreaterThanOrEqual(2);
    }
    const depths = examples.flatMap(({ prompt, needles }) => needles.map(({ start }) => start / prompt.length));
    expect(depths.reduce((sum, depth) => sum + depth, 0) / depths.length).toBeCloseTo(0.5, 0);
  });
});
