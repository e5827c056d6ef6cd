/** What the dataset tests share: folders, tokenizers, and reading a dataset as someone who knows only its contract. */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { DatasetCard, Example, type Span } from '#workflows/contracts/dataset.ts';
import type { Passage, SummhayDocument } from '#workflows/contracts/source.ts';

/** Tokenizer of the quickstart's base, which knows the words of MDQA. */
export const tinyTokenizer = fileURLToPath(new URL('../../../examples/models/tiny-llama/tokenizer.json', import.meta.url));
/** Tokenizer of the base that knows the words of all three tasks. */
export const chainsTokenizer = fileURLToPath(new URL('../../../examples/models/tiny-llama-chains/tokenizer.json', import.meta.url));

/** Real data beside the checkout; tests that need it are skipped where it is missing. */
const shared = (path: string) => fileURLToPath(new URL(`../../../../shared/${path}`, import.meta.url));
export const realQuestions = shared('data/mdqa/nq-open-20-documents.jsonl.gz');
export const realOracle = shared('data/mdqa/nq-open-oracle.jsonl.gz');
export const realPool = shared('data/mdqa/passage-pool.jsonl.gz');
export const paperPrompts = shared('paper/prompts.json');
export const hasRealData = [realQuestions, realOracle, realPool].every((file) => existsSync(file));

/** Empty folder, removed after the test. */
export async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'needlework-dataset-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Tokenizer for which every character is a token, after a `<s>`; `normalizer` as in a tokenizer.json. */
export async function characterTokenizer(folder: string, normalizer: object | null = null): Promise<string> {
  const file = join(folder, 'tokenizer.json');
  const special = (content: string, id: number) => ({ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true });
  await writeFile(
    file,
    JSON.stringify({
      version: '1.0',
      // As left behind by training; counting must not be cut short by it.
      truncation: { direction: 'Right', max_length: 16, strategy: 'LongestFirst', stride: 0 },
      padding: null,
      added_tokens: [special('<unk>', 0), special('<s>', 1)],
      normalizer,
      pre_tokenizer: { type: 'Split', pattern: { Regex: '[\\s\\S]' }, behavior: 'Isolated', invert: false },
      post_processor: {
        type: 'TemplateProcessing',
        single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
        pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
        special_tokens: { '<s>': { id: '<s>', ids: [1], tokens: ['<s>'] } },
      },
      decoder: null,
      model: { type: 'WordLevel', vocab: { '<unk>': 0, '<s>': 1 }, unk_token: '<unk>' },
    }),
  );
  return file;
}

/** Source artifact made of these rows and this pool. */
export async function writeSource(folder: string, rows: { train?: object[]; test?: object[] }, pool: Passage[] = [], documents: SummhayDocument[] = []): Promise<void> {
  const lines = (values: object[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('');
  await writeFile(join(folder, 'train.jsonl'), lines(rows.train ?? []));
  await writeFile(join(folder, 'test.jsonl'), lines(rows.test ?? []));
  await writeFile(join(folder, 'pool.jsonl'), lines(pool));
  await writeFile(join(folder, 'documents.jsonl'), lines(documents));
}

export async function readExamples(folder: string, split: string): Promise<Example[]> {
  const text = await readFile(join(folder, `${split}.jsonl`), 'utf8');
  return text.split('\n').filter((line) => line !== '').map((line) => Example.parse(JSON.parse(line)));
}

export async function readCard(folder: string): Promise<DatasetCard> {
  return DatasetCard.parse(JSON.parse(await readFile(join(folder, 'card.json'), 'utf8')));
}

/** Text of a span, counted in code points as Python does. */
export function spanText({ prompt }: Example, { start, end }: Span): string {
  return Array.from(prompt).slice(start, end).join('');
}

/** Documents of a prompt, in order. */
export function documents({ prompt }: Example): { number: number; title: string; text: string }[] {
  return [...prompt.matchAll(/^Document (\d+): \(Title: (.*?)\) (.*)$/gmu)].map(([, number, title, text]) => ({
    number: Number(number),
    title: title as string,
    text: text as string,
  }));
}
