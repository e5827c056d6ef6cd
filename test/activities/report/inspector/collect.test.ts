import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { collectInspected, inOrderOfChoice, PROMPTS, type UnitFiles } from '#activities/report/inspector/collect.ts';
import { textTokenizer } from '#activities/report/inspector/tokenizer.ts';
import { parseSweepSpec } from '#workflows/contracts/parse.ts';
import { gridOf } from '#workflows/plan/grid.ts';
import { tinyTokenizer } from '../../dataset/support.ts';
import { smallSpec } from '../../../support/spec.ts';

const tokenizerJson = await readFile(tinyTokenizer, 'utf8');
const tokenizer = textTokenizer(tokenizerJson, 'tokenizer.json');
const LAYERS = 2;
const HEADS = 3;

/** A safetensors file, as its format says: length of the header, header, bytes. */
function safetensors(tensors: Record<string, { dtype: string; shape: number[]; data: ArrayBufferView }>): Buffer {
  let at = 0;
  const header: Record<string, unknown> = {};
  const bodies = Object.entries(tensors).map(([name, { dtype, shape, data }]) => {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    header[name] = { dtype, shape, data_offsets: [at, (at += bytes.length)] };
    return bytes;
  });
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, ...bodies]);
}

/** What a score and a dataset artifact hold of these rows; row r wrote `answers[r]`, and every head looked at token r + head. */
async function cellFiles(rows: readonly string[], answers: Readonly<Record<string, string>>) {
  const prompts = rows.map((row) => `Where is ${row}? Document 1: It is in Selby, near the sea. Answer:`);
  const lengths = await Promise.all(prompts.map(async (prompt) => (await tokenizer.prompt(prompt)).offsets.length));
  const ids = await Promise.all(rows.map(async (row) => (answers[row] === '' ? [] : idsOf(answers[row] ?? 'Selby'))));
  const offsets = ids.reduce<bigint[]>((all, each) => [...all, all.at(-1)! + BigInt(each.length)], [0n]);
  const tokens = Number(offsets.at(-1));
  const line = (value: unknown) => JSON.stringify(value);
  return {
    'dataset/validation.jsonl': rows.map((row, at) => line({ id: row, task: 'mdqa', condition: 'real', split: 'validation', prompt: prompts[at], answer: 'Selby', answers: ['Selby'], question: `Where is ${row}?`, needles: [{ start: 0, end: 5 }], answerSpans: [], promptTokens: lengths[at] })).join('\n'),
    'score/predictions.jsonl': rows.map((row, at) => line({ id: row, text: answers[row] ?? 'Selby', tokenIds: ids[at], stoppedBy: 'eos' })).join('\n'),
    'score/examples.safetensors': safetensors({
      retrieval: { dtype: 'F32', shape: [rows.length, LAYERS, HEADS], data: new Float32Array(rows.length * LAYERS * HEADS) },
      insight: { dtype: 'F32', shape: [rows.length, LAYERS, HEADS], data: new Float32Array(rows.length * LAYERS * HEADS) },
      attended: { dtype: 'I32', shape: [tokens, LAYERS, HEADS], data: Int32Array.from({ length: tokens * LAYERS * HEADS }, (_, at) => at % 7) },
      written: { dtype: 'I32', shape: [tokens], data: Int32Array.from(ids.flat()) },
      offsets: { dtype: 'I64', shape: [rows.length + 1], data: BigInt64Array.from(offsets) },
      prompt_tokens: { dtype: 'I32', shape: [rows.length], data: Int32Array.from(lengths) },
      counted: { dtype: 'BOOL', shape: [rows.length], data: Uint8Array.from(rows, (_, at) => at % 2) },
    }),
    'base/tokenizer.json': tokenizerJson,
  };
}

const vocabulary = JSON.parse(tokenizerJson).model.vocab as Record<string, number>;
const idsOf = (words: string): number[] => words.toLowerCase().split(' ').map((word) => vocabulary[word] ?? vocabulary['[UNK]']!);

function filesOf(units: Record<string, Record<string, string | Buffer>>): UnitFiles {
  return {
    has: (unit, role) => Object.keys(units[unit] ?? {}).some((name) => name.startsWith(`${role}/`)),
    bytes: async (unit, role, name) => Buffer.from(units[unit]![`${role}/${name}`]!),
  };
}

const gridFor = (conditions: string[]) => gridOf(parseSweepSpec(smallSpec({ conditions: conditions as never, baselines: [] })));

describe('collectInspected', () => {
  it('takes examples of the rows that most cells have, passes over those of which nothing was written, and counts the rest', async () => {
    const common = Array.from({ length: 9 }, (_, at) => `row-${at}`);
    const files = filesOf({ 'mdqa/tiny/real': await cellFiles([...common, 'lone-1'], { 'row-3': '' }), 'mdqa/tiny/low/low': await cellFiles(['lone-2', ...[...common].reverse()], {}) });
    const found = await collectInspected(files, gridFor(['real', 'low/low', 'symbolic']), 5);
    const [real, low] = ['mdqa/tiny/real', 'mdqa/tiny/low/low'].map((id) => found.get(id)!);
    expect(found.size).toBe(2);
    expect(real!.examples).toHaveLength(PROMPTS.cell);
    expect(real!.leftOut).toBe(4);
    const ids = (cell: typeof real) => cell!.examples.map(({ example }) => example.id);
    expect([...ids(real), ...ids(low)].filter((id) => id.startsWith('lone') || id === 'row-3' && ids(real).includes(id))).toEqual([]);
    // The same rows, save where the real cell passed over one.
    expect(ids(low).filter((id) => id !== 'row-3')).toEqual(ids(real).slice(0, ids(low).includes('row-3') ? 5 : 6));
  });

  it('reads tokens, answers, positions and marks of exactly the example chosen', async () => {
    const files = filesOf({ 'mdqa/tiny/real': await cellFiles(['a', 'b', 'c'], { a: 'Amber Mill', c: '' }) });
    const { examples, leftOut } = (await collectInspected(files, gridFor(['real']), 1)).get('mdqa/tiny/real')!;
    expect(leftOut).toBe(1);
    const byId = new Map(examples.map((each) => [each.example.id, each]));
    expect(byId.get('a')!.written).toEqual(['amber', ' mill']);
    expect(byId.get('b')!.written).toEqual(['selby']);
    expect([...byId.get('a')!.attended]).toEqual(Array.from({ length: 12 }, (_, at) => at % 7));
    expect([...byId.get('b')!.attended]).toEqual(Array.from({ length: 6 }, (_, at) => (at + 12) % 7));
    expect([byId.get('a')!.counted, byId.get('b')!.counted]).toEqual([false, true]);
    expect(byId.get('a')!.tokens.special).toEqual(new Map([[0, '<bos>']]));
    expect(byId.get('a')!.tokens.offsets.slice(0, 3)).toEqual([[0, 0], [0, 5], [6, 8]]);
  });

  it('refuses prompts that are not those whose heads were scored', async () => {
    const cell = await cellFiles(['a', 'b'], {});
    const other = cell['dataset/validation.jsonl'].replaceAll('near the sea', 'near the old sea');
    await expect(collectInspected(filesOf({ 'mdqa/tiny/real': { ...cell, 'dataset/validation.jsonl': other } }), gridFor(['real']), 1)).rejects.toThrow(/validation.jsonl of mdqa\/tiny\/real, line \d: \d+ tokens expected, as its heads were scored on, found \d+/);
    const fewer = cell['score/predictions.jsonl'].split('\n')[0]!;
    await expect(collectInspected(filesOf({ 'mdqa/tiny/real': { ...cell, 'score/predictions.jsonl': fewer } }), gridFor(['real']), 1)).rejects.toThrow('1 examples expected, as in predictions.jsonl, found 2');
  });
});

describe('inOrderOfChoice', () => {
  it('is the same for the same rows in every cell, whatever else is there', () => {
    const cells = [['a', 'b', 'c', 'd'], ['d', 'x', 'c', 'a', 'b'], ['y', 'a', 'b', 'd', 'c']];
    const orders = cells.map((rows) => inOrderOfChoice(rows, cells, 3, 'mdqa').map((at) => rows[at]!));
    for (const order of orders) expect(order.slice(0, 4)).toEqual(orders[0]);
    expect(inOrderOfChoice(cells[0]!, cells, 4, 'mdqa')).not.toEqual(inOrderOfChoice(cells[0]!, cells, 3, 'mdqa'));
  });
});

it('spells an answer token by token, characters of several tokens at their last one', async () => {
  // Byte-level: every byte is a token, so that an accented letter takes two.
  const bytes = Object.fromEntries([...Array(256).keys()].map((byte) => [byteLetter(byte), byte]));
  const json = JSON.stringify({ version: '1.0', truncation: null, padding: null, added_tokens: [], normalizer: null, pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true }, post_processor: null, decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true }, model: { type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null, fuse_unk: false, byte_fallback: false, vocab: bytes, merges: [] } });
  const byteLevel = textTokenizer(json, 'bytes');
  expect(await byteLevel.answer([...Buffer.from(' née')])).toEqual([' ', 'n', '', 'é', 'e']);
  expect(await byteLevel.answer([])).toEqual([]);
  expect(() => textTokenizer('{}', 'tokenizer.json of m')).toThrow('tokenizer.json of m: found no usable tokenizer');
});

/** The letter that byte-level BPE writes for a byte. */
function byteLetter(byte: number): string {
  const shown = (code: number) => (code >= 33 && code <= 126) || (code >= 161 && code <= 172) || (code >= 174 && code <= 255);
  if (shown(byte)) return String.fromCodePoint(byte);
  return String.fromCodePoint(256 + [...Array(byte).keys()].filter((before) => !shown(before)).length);
}
