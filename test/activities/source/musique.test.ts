/** The MuSiQue importer on small files made here, and on the real data where it lies beside the checkout. */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { importMusique, readMusiqueRows, readPool, SourceError } from '#activities/source/index.ts';
import type { MusiqueRow } from '#workflows/contracts/source.ts';
import { emptyFolder } from '../dataset/support.ts';
import { collect } from './support.ts';

const paragraph = (idx: number, text: string, is_supporting = false) => ({ idx, title: `T${idx}`, paragraph_text: text, is_supporting });
const hop = (id: number, question: string, answer: string, paragraph_support_idx: number) => ({ id, question, answer, paragraph_support_idx });
/** A question of its own: no hop of it is shared with another. */
const question = (n: number, more: object = {}) => ({
  id: `3hop1__${n}_1_2`,
  question: `who led the land of town ${n}`,
  answer: `Leader${n}x`,
  answer_aliases: [`L. ${n}x`],
  answerable: true,
  question_decomposition: [hop(10 * n, `Town ${n} >> located in`, `Land${n}`, 0), hop(10 * n + 1, '#1 >> leader', `Leader${n}x`, 2), hop(10 * n + 2, 'who is #2', `Leader${n}x`, 2)],
  paragraphs: [paragraph(0, `Town ${n} lies in Land${n}.`, true), paragraph(1, `Hill ${n}.`), paragraph(2, `Land${n} was led by Leader${n}x.`, true), paragraph(3, `Leader${n}x again.`)],
  ...more,
});

async function importRows(files: object[][], { pool, ...options }: { pool?: object[]; trainRows?: number; testRows?: number; seed?: number } = {}) {
  const [folder, outputDir] = [await emptyFolder(), await emptyFolder()];
  const write = async (name: string, rows: object[]) => {
    await writeFile(join(folder, name), rows.map((row) => JSON.stringify(row)).join('\n'));
    return join(folder, name);
  };
  const questionsFiles = await Promise.all(files.map((rows, at) => write(`${at}.jsonl`, rows)));
  const poolFile = pool && (await write('pool.jsonl', pool));
  const summary = await importMusique({ questionsFiles, ...(poolFile && { poolFile }), seed: 1, trainRows: 1, testRows: 1, outputDir, ...options });
  return {
    summary,
    counts: JSON.parse(await readFile(join(outputDir, 'counts.json'), 'utf8')),
    train: await collect(readMusiqueRows(outputDir, 'train')),
    test: await collect(readMusiqueRows(outputDir, 'test')),
    pool: await readPool(outputDir),
  };
}
const ids = (rows: MusiqueRow[]) => rows.map(({ id }) => id);
const hopIds = (rows: MusiqueRow[]) => new Set(rows.flatMap(({ hops }) => hops.map(({ id }) => id)));

describe('importing MuSiQue', () => {
  it('keeps the hops with their paragraphs, and tells triples from questions', async () => {
    const { train, test } = await importRows([[question(1), question(2)]]);
    const row = [...train, ...test].find(({ id }) => id === '3hop1__1_1_2')!;
    expect(row.answers).toEqual(['Leader1x', 'L. 1x']);
    expect(row.hops.map(({ triple }) => triple)).toEqual([{ subject: 'Town 1', relation: 'located in' }, { subject: '#1', relation: 'leader' }, null]);
    expect(row.hops.map(({ support }) => row.supports[support]?.text)).toEqual(['Town 1 lies in Land1.', 'Land1 was led by Leader1x.', 'Land1 was led by Leader1x.']);
    expect(row.supports).toHaveLength(2);
    expect(row.distractors).toEqual([{ title: 'T1', text: 'Hill 1.' }]);
  });

  it('drops rows that cannot be used, and counts them by reason', async () => {
    const { question_decomposition: hops, paragraphs } = question(8);
    const { counts } = await importRows([
      [question(1), question(2), question(3, { id: '2hop__3_4' }), question(4, { answerable: false }), question(5, { _ambiguous_steps: 1 })],
      [
        question(6, { answer: 'green' }),
        question(7, { answer: 'absent', answer_aliases: [] }),
        question(8, { question_decomposition: hops.map((one) => ({ ...one, paragraph_support_idx: 9 })) }),
        question(9, { paragraphs: paragraphs.map((one) => ({ ...one, is_supporting: false })) }),
        question(10, { question: 'Who led the land of town 1?' }),
      ],
    ]);
    expect(counts.rows.dropped).toEqual({
      'not a linear three-hop question': 1,
      'marked unanswerable': 1,
      'reconstructed with an ambiguous step': 1,
      'answer stands in the padding sentences': 1,
      'answer not in the last supporting paragraph': 1,
      'a hop without its paragraph': 1,
      'a hop whose paragraph is not marked supporting': 1,
      'repeated question': 1,
    });
    expect(counts.passages.dropped).toEqual({ 'contains an answer': 2 });
  });

  it('leaves no hop on both sides, takes test rows where they cost training least, and counts what is left out', async () => {
    const sharing = (n: number, id: number) => question(n, { question_decomposition: [hop(id, `Town ${id} >> located in`, `Land${n}`, 0), ...question(n).question_decomposition.slice(1)] });
    const rows = [...Array.from({ length: 8 }, (_, n) => question(n + 1)), ...Array.from({ length: 12 }, (_, n) => sharing(n + 20, 7000))];
    const { test, train, counts } = await importRows([rows], { testRows: 5, trainRows: 12 });
    expect(test).toHaveLength(6);
    expect([...hopIds(test)].filter((hop) => hopIds(train).has(hop))).toEqual([]);
    expect(ids(test).every((id) => Number(id.split('_')[2]) < 20)).toBe(true);
    expect(counts.rows.dropped).toEqual({});
    const greedy = await importRows([rows], { testRows: 8, trainRows: 0 });
    expect(greedy.counts.rows.dropped).toEqual({ 'shares a hop with a test question': 11 });
  });

  it('splits alike whatever the order of the files and the number of training rows', async () => {
    const rows = Array.from({ length: 30 }, (_, n) => question(n));
    const first = await importRows([rows], { testRows: 5, trainRows: 10 });
    const other = await importRows([rows.slice(9), rows.slice(0, 9)], { testRows: 5, trainRows: 10 });
    const larger = await importRows([rows], { testRows: 5, trainRows: 20 });
    const otherSeed = await importRows([rows], { testRows: 5, trainRows: 10, seed: 2 });
    expect([ids(other.test), ids(other.train)]).toEqual([ids(first.test), ids(first.train)]);
    expect(ids(larger.test)).toEqual(ids(first.test));
    expect(ids(otherSeed.test)).not.toEqual(ids(first.test));
    expect(first.counts.rows).toMatchObject({ train: 11, further: 13 });
    expect(first.train).toHaveLength(24);
  });

  it('reads a pool in MuSiQue’s words', async () => {
    const { pool } = await importRows([[question(1), question(2)]], { pool: [{ title: 'A', paragraph_text: 'One.' }, { title: 'B', text: 'Two.' }] });
    expect(pool.map(({ text }) => text)).toEqual(['One.', 'Two.']);
    await expect(importRows([[question(1), question(2)]], { pool: [{ title: 'A' }] })).rejects.toThrow(/pool\.jsonl, row 1.*\n.*text: found .*, allowed: a string, here or in paragraph_text/);
  });

  it('refuses a malformed row with its number and field, and files with too few rows', async () => {
    await expect(importRows([[question(1), question(2, { paragraphs: 'x' })]])).rejects.toThrow(/row 2.*\n.*paragraphs: found "x", allowed: a value of type array/);
    const short = importRows([[question(1), question(2, { answerable: false })]]);
    await expect(short).rejects.toThrow(SourceError);
    await expect(short).rejects.toThrow(/found 1 usable rows for test and 0 for training of 2 \(dropped: 1 × marked unanswerable\)/);
  });
});

const data = (name: string) => fileURLToPath(new URL(`../../../../shared/data/musique/${name}.jsonl.gz`, import.meta.url));
describe.skipIf(!existsSync(data('musique-rows')))('the real MuSiQue data (needs ../shared)', () => {
  it('gives linear three-hop rows without a hop on both sides', async () => {
    const outputDir = await emptyFolder();
    const summary = await importMusique({ questionsFiles: [data('musique-rows'), data('musique-3hop-joined')], poolFile: data('paragraph-pool'), seed: 3, trainRows: 100, testRows: 40, outputDir });
    const [train, test] = [await collect(readMusiqueRows(outputDir, 'train')), await collect(readMusiqueRows(outputDir, 'test'))];
    expect(summary.poolPassages).toBeGreaterThan(10_000);
    expect([summary.trainRows, test.length]).toEqual([110, 44]);
    expect([...hopIds(test)].filter((hop) => hopIds(train).has(hop))).toEqual([]);
    expect([...train, ...test].every(({ id }) => id.startsWith('3hop1__'))).toBe(true);
    expect([...train, ...test].flatMap(({ hops }) => hops).some(({ triple }) => triple !== null)).toBe(true);
  });
});
