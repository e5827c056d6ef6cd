/** Every task in every condition, for any seed: what must hold is read off the prompt again, as someone who knows only the contract. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildDataset } from '#activities/dataset/index.ts';
import { readJsonLines } from '#activities/source/index.ts';
import { type Example, Pairing } from '#workflows/contracts/dataset.ts';
import { DataKind, dimensionsOf, Task } from '#workflows/contracts/experiment.ts';
import { smallSource, writeOffline } from '../write/support.ts';
import { characterTokenizer, emptyFolder, readCard, readExamples, spanText } from './support.ts';

const FILES = ['train.jsonl', 'validation.jsonl', 'card.json', 'pairing.jsonl'];
const PAIRS = Task.options.flatMap((task) => DataKind.options.filter((condition) => !(task === 'summhay' && condition === 'limited')).map((condition) => ({ task, condition })));

/** Of a real MDQA context, as much as the pool can fill. */
const LENGTH: Record<Task, number> = { mdqa: 2500, musique: 5000, summhay: 9000 };

async function sourceOf(task: Task) {
  const sourceDir = await emptyFolder();
  await smallSource(task, sourceDir);
  return { sourceDir, tokenizerFile: await characterTokenizer(sourceDir) };
}

async function build(task: Task, condition: DataKind, { sourceDir, tokenizerFile }: Awaited<ReturnType<typeof sourceOf>>, seed: number, atOnce = 3) {
  const outputDir = await emptyFolder();
  const texts = join(outputDir, 'texts');
  await mkdir(texts);
  const written = dimensionsOf(condition) === null ? {} : await writeOffline(task, condition, sourceDir, texts, { seed, atOnce });
  await buildDataset({ task, condition, sourceDir, tokenizerFile, contextTokens: LENGTH[task], seed, examples: { train: 3, validation: 1 }, options: { listLength: 50 }, written, atOnce, outputDir });
  return { outputDir, examples: [...(await readExamples(outputDir, 'train')), ...(await readExamples(outputDir, 'validation'))] };
}

/** The context of a prompt, one document or dictionary per line. */
function contextOf({ prompt, question }: Example): string {
  const end = prompt.lastIndexOf(question);
  return prompt.slice(prompt.indexOf('\n') + 1, prompt.lastIndexOf('\n', end));
}

describe.each(PAIRS)('$task, $condition', ({ task, condition }) => {
  const dimensions = dimensionsOf(condition);

  it('gives examples that are what they claim (for any seed)', { timeout: 120_000 }, async () => {
    const source = await sourceOf(task);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 - 1 }), async (seed) => {
        const { examples, outputDir } = await build(task, condition, source, seed);
        expect(new Set(examples.map(({ id }) => id)).size).toBe(4);
        for (const example of examples) {
          const { prompt, question, answer, answers, needles, answerSpans, promptTokens } = example;
          // Every character is a token, after one special token.
          expect(promptTokens).toBe(Array.from(prompt).length + 1);
          expect(promptTokens).toBeLessThanOrEqual(LENGTH[task]);
          if (task !== 'summhay' || condition !== 'symbolic') expect(promptTokens).toBeGreaterThan(LENGTH[task] - 700);
          expect(prompt.endsWith('\nAnswer:')).toBe(true);
          expect(prompt).toContain(`\n${task === 'summhay' ? 'Statement' : 'Question'}: ${question}\nAnswer:`);
          expect(answers).toContain(answer);
          const context = contextOf(example);
          for (const span of needles) {
            const text = spanText(example, span);
            expect(text).toBe(text.trim());
            expect(context.split(text).length - 1).toBe(needles.filter((other) => spanText(example, other) === text).length);
          }
          if (task === 'summhay') {
            const cited = answerSpans.map((span) => Number(spanText(example, span))).sort((a, b) => a - b);
            expect(answer).toBe(cited.map((number) => `[${number}]`).join(''));
            const numbers = [...prompt.matchAll(/^Document \[(\d+)\]: /gm)].map(([, number]) => Number(number));
            expect(numbers).toHaveLength(10);
            expect(cited.every((number) => numbers.includes(number))).toBe(true);
          } else {
            expect(answerSpans.length).toBeGreaterThan(0);
            for (const span of answerSpans) {
              expect(answers.map((one) => one.toLowerCase())).toContain(spanText(example, span).toLowerCase());
              expect(needles.some(({ start, end }) => start <= span.start && span.end <= end)).toBe(true);
            }
            expect(needles).toHaveLength(task === 'musique' ? 3 : 1);
          }
          if (dimensions !== null && task !== 'summhay') {
            // Nothing outside of the needles gives the answer away.
            const outside = needles.reduce((rest, span) => rest.replace(spanText(example, span), ''), context);
            for (const one of answers) expect(outside).not.toContain(one);
          }
          if (dimensions?.expression === 'low' && task !== 'summhay' && !(task === 'mdqa' && dimensions.diversity === 'high')) {
            expect(answer).toMatch(/^[A-Z]{4}$/);
            expect(prompt).not.toContain('Oakton');
          }
        }
        const padding: number[] = [];
        for await (const { value } of readJsonLines(Pairing, join(outputDir, 'pairing.jsonl'))) padding.push(value.padding);
        expect(padding).toHaveLength(4);
        if (dimensions !== null) for (const share of padding) expect(share).toBe(dimensions.diversity === 'low' ? 1 : 0);
      }),
      { numRuns: 6 },
    );
  });

  it('is the same bytes however many examples and texts are in the making', async () => {
    const source = await sourceOf(task);
    const bytes = async (atOnce: number) => {
      const { outputDir } = await build(task, condition, source, 7, atOnce);
      return Promise.all(FILES.map((name) => readFile(join(outputDir, name), 'utf8')));
    };
    expect(await bytes(5)).toEqual(await bytes(1));
  });
});

describe('the four written conditions', () => {
  it.each(Task.options)('ask the same rows of %s, in the same words wherever only the haystack differs', async (task) => {
    const source = await sourceOf(task);
    const all = new Map<string, Example[]>();
    for (const condition of ['high/high', 'high/low', 'low/high', 'low/low'] as const) all.set(condition, (await build(task, condition, source, 3)).examples);
    const asked = (condition: string) => all.get(condition)!.map(({ id, question }) => `${id}: ${question}`);
    expect(asked('high/low')).toEqual(asked('high/high'));
    expect(asked('low/low').map((one) => one.split(':')[0])).toEqual(asked('high/high').map((one) => one.split(':')[0]));
    // MDQA's made-up paragraphs have questions of their own.
    if (task !== 'mdqa') expect(asked('low/high')).toEqual(asked('low/low'));
    expect(asked('low/low')).not.toEqual(asked('high/low'));
  });

  it('say who wrote them, and what was written', async () => {
    const { outputDir } = await build('musique', 'high/high', await sourceOf('musique'), 3);
    const { generator, writing } = await readCard(outputDir);
    expect(generator).toBe('offline templates');
    expect(writing.needles).toMatchObject({ writer: 'offline templates', asked: 8, written: 8, calls: 0, dropped: {} });
    expect(writing.passages).toMatchObject({ asked: 62 });
  });
});
