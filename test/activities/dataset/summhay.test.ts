/** SummHay Citation datasets: real documents with padding, lists of strings, and the real data where it lies beside the checkout. */
import { globSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { buildDataset, type DatasetRequest } from '#activities/dataset/index.ts';
import { locateInsight } from '#activities/dataset/summhay/locate.ts';
import { verifyLists } from '#activities/dataset/summhay/symbolic.ts';
import { importSummhay } from '#activities/source/index.ts';
import { oneLine } from '#activities/source/passage.ts';
import type { SummhayDocument, SummhayRow } from '#workflows/contracts/source.ts';
import { characterTokenizer, emptyFolder, readExamples, spanText, tinyTokenizer, writeSource } from './support.ts';

const INSIGHT = 'Solar panels cut the costs of farms by 20 percent.';
const row: SummhayRow = { id: 'energy/solar', topic: 'energy', insight: INSIGHT };
const document = (n: number, text: string, insights: string[] = []): SummhayDocument => ({ id: `energy/d${n}`, topic: 'energy', text, insights });
const documents: SummhayDocument[] = [
  document(0, 'Wind is strong. Farms report that solar panels cut their costs by 20 percent. Others doubt it.', ['solar']),
  document(1, `Rain fell. ${INSIGHT} Then it snowed. ${INSIGHT}`, ['solar']),
  // Says the same without being marked: it must not stand beside the documents that are to be cited.
  document(2, `Some say: ${INSIGHT}`),
  ...Array.from({ length: 12 }, (_, n) => document(n + 3, `Village ${n} has a mill. Nothing else is known of it.`)),
];

async function build(request: Partial<DatasetRequest> = {}, rows: SummhayRow[] = [row, { ...row, id: 'energy/solar2' }]) {
  const [sourceDir, outputDir] = [await emptyFolder(), await emptyFolder()];
  await writeSource(sourceDir, { train: rows }, [], documents.map((one) => ({ ...one, insights: one.insights.flatMap((id) => [id, `${id}2`]) })));
  const tokenizerFile = await characterTokenizer(sourceDir);
  await buildDataset({ task: 'summhay', condition: 'real', sourceDir, tokenizerFile, contextTokens: 4000, seed: 0, examples: { train: 1, validation: 1 }, outputDir, ...request });
  return { outputDir, example: (await readExamples(outputDir, 'train'))[0]! };
}
const lines = (prompt: string) => [...prompt.matchAll(/^Document \[(\d+)\]: (.*)$/gm)].map(([, number, text]) => ({ number: Number(number), text: text as string }));

describe('SummHay real', () => {
  it('cites the two documents that support the statement, among ten, padded alike (for any seed)', async () => {
    const tokenizerFile = await characterTokenizer(await emptyFolder());
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 - 1 }), fc.integer({ min: 3000, max: 12_000 }), async (seed, contextTokens) => {
        const { example } = await build({ seed, contextTokens, tokenizerFile });
        const found = lines(example.prompt);
        expect(found).toHaveLength(10);
        expect(new Set(found.map(({ number }) => number)).size).toBe(10);
        expect(found.every(({ number }) => number >= 1 && number <= 100)).toBe(true);
        const cited = found.filter(({ text }) => text.includes('20 percent')).map(({ number }) => number).sort((a, b) => a - b);
        expect(example.answer).toBe(cited.map((number) => `[${number}]`).join(''));
        expect(cited).toHaveLength(2);
        expect(example.question).toBe(INSIGHT);
        expect(example.answerSpans.map((span) => Number(spanText(example, span))).sort((a, b) => a - b)).toEqual(cited);
        // One document states it in its own words, the other one twice in the insight's.
        expect(example.needles.map((span) => spanText(example, span)).sort()).toEqual(['Farms report that solar panels cut their costs by 20 percent.', INSIGHT, INSIGHT].sort());
        expect(example.promptTokens).toBeLessThanOrEqual(contextTokens);
        expect(example.promptTokens).toBeGreaterThan(contextTokens - 100);
        const lengths = found.map(({ text }) => text.length);
        expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThan(200);
      }),
      { numRuns: 25 },
    );
  });
});

it.each(['real', 'symbolic'] as const)('SummHay %s numbers its documents up to the number that is asked for', async (condition) => {
  const { example } = await build({ condition, contextTokens: 9000, options: { highestDocumentNumber: 10, listLength: 20 } });
  expect(lines(example.prompt).map(({ number }) => number).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

describe('locating an insight', () => {
  it('finds the run of sentences that says it, and adds a sentence only if it says more', () => {
    const at = (text: string, insight: string) => {
      const found = locateInsight(text, insight);
      return found && text.slice(found.start, found.end);
    };
    expect(at(documents[0]!.text, INSIGHT)).toBe('Farms report that solar panels cut their costs by 20 percent.');
    expect(at('Prices fell. Regulators in Bern raised the capital rules. They now ask for twice the reserves. It rained.', 'Regulators raised capital rules and ask banks for twice the reserves.')).toBe(
      'Regulators in Bern raised the capital rules. They now ask for twice the reserves.',
    );
    expect(at('It rained.', INSIGHT)).toBeNull();
  });
});

describe('SummHay symbolic', () => {
  it('cites exactly the two lists that hold the string (for any seed)', async () => {
    const tokenizerFile = await characterTokenizer(await emptyFolder());
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 - 1 }), async (seed) => {
        const { example } = await build({ condition: 'symbolic', seed, contextTokens: 20_000, tokenizerFile });
        const found = lines(example.prompt).map(({ number, text }) => ({ number, strings: text.match(/'[A-Z]{4}'/g) as string[] }));
        expect(found.map(({ strings }) => strings.length)).toEqual(Array.from({ length: 10 }, () => 180));
        const holders = found.filter(({ strings }) => strings.includes(`'${example.question}'`)).map(({ number }) => number).sort((a, b) => a - b);
        expect(example.answer).toBe(holders.map((number) => `[${number}]`).join(''));
        expect(holders).toHaveLength(2);
        expect(example.needles.map((span) => spanText(example, span))).toEqual([`'${example.question}'`, `'${example.question}'`]);
      }),
      { numRuns: 15 },
    );
  });

  it('notices a third list, a missing one, and another string that stands twice', () => {
    const verify = (lists: string[]) => verifyLists(lists.map((text, at) => `Document [${at + 1}]: {${text}}`).join('\n'), 'GOAL', '[1][2]');
    expect(verify(["'GOAL', 'AAAA'", "'GOAL'", "'BBBB'"])).toBeNull();
    expect(verify(["'GOAL'", "'GOAL'", "'GOAL'"])).toMatch(/stands in lists \[1\]\[2\]\[3\], allowed: \[1\]\[2\]/);
    expect(verify(["'GOAL'", "'BBBB'", "'AAAA'"])).toMatch(/stands in lists \[1\]/);
    expect(verify(["'GOAL'", "'GOAL', 'AAAA'", "'AAAA'"])).toMatch(/found 'AAAA' twice/);
  });

  it('drops questions whose documents do not fit, alike in every condition', async () => {
    await expect(build({ condition: 'symbolic', contextTokens: 700 })).rejects.toThrow(/found 0 usable source rows \(dropped: 2 × ten documents longer than the context\)/);
  });
});

describe.each(['real', 'symbolic'] as const)('SummHay %s', (condition) => {
  it('is the same bytes every time, and other ones with another seed', async () => {
    const bytes = async (seed: number) => {
      const { outputDir } = await build({ condition, seed, contextTokens: 20_000 });
      return Promise.all(['train.jsonl', 'validation.jsonl', 'card.json'].map((name) => readFile(join(outputDir, name), 'utf8')));
    };
    const once = await bytes(1);
    expect(await bytes(1)).toEqual(once);
    expect(await bytes(2)).not.toEqual(once);
  });
});

const files = globSync(fileURLToPath(new URL('../../../../shared/data/summhay/topic_*.json.gz', import.meta.url))).sort();
describe.skipIf(files.length === 0)('the real SummHay data (needs ../shared)', { timeout: 120_000 }, () => {
  it('gives sound examples from every topic', async () => {
    const [sourceDir, outputDir] = [await emptyFolder(), await emptyFolder()];
    await importSummhay({ topicFiles: files, seed: 1, trainRows: 100, testRows: 10, outputDir: sourceDir });
    await buildDataset({ task: 'summhay', condition: 'real', sourceDir, tokenizerFile: tinyTokenizer, contextTokens: 65_536, seed: 1, examples: { train: 72, validation: 8 }, outputDir });
    const examples = await readExamples(outputDir, 'train');
    expect(examples).toHaveLength(72);
    for (const { prompt, promptTokens } of examples) {
      expect(lines(prompt)).toHaveLength(10);
      expect(promptTokens).toBeGreaterThan(65_536 * 0.995);
      expect(promptTokens).toBeLessThanOrEqual(65_536);
    }
  });

  it('locates insights where the conversations say they are, by their chapters', () => {
    const Conversation = z.object({
      subtopics: z.array(z.object({ insights: z.array(z.object({ insight_id: z.string(), insight: z.string() })) })),
      documents: z.array(z.object({ document_text: z.string(), turn_chapters: z.array(z.int()), plan_chapters: z.array(z.object({ chapter_number: z.int(), insight_id: z.string() })) })),
    });
    let [right, all] = [0, 0];
    for (const file of files.filter((name) => name.includes('topic_conv'))) {
      const { subtopics, documents: conversations } = Conversation.parse(JSON.parse(gunzipSync(readFileSync(file)).toString()));
      const insights = new Map(subtopics.flatMap((subtopic) => subtopic.insights).map(({ insight_id, insight }) => [insight_id, insight]));
      for (const { document_text, turn_chapters, plan_chapters } of conversations) {
        const turns = document_text.split('\n').filter((turn) => turn.trim() !== '').map(oneLine);
        expect(turns).toHaveLength(turn_chapters.length);
        for (const { insight_id, chapter_number } of plan_chapters) {
          const found = insights.has(insight_id) ? locateInsight(turns.join(' '), insights.get(insight_id)!) : null;
          if (found === null) continue;
          let end = -1;
          const turn = turns.findIndex((text) => (end += text.length + 1) >= (found.start + found.end) / 2);
          all += 1;
          if (turn_chapters[turn] === chapter_number) right += 1;
        }
      }
    }
    expect(all).toBeGreaterThan(1000);
    expect(right / all).toBeGreaterThan(0.8);
  });
});
