/** The files of an MDQA source artifact. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type MdqaRow, MdqaRow as MdqaRowSchema, type Passage, Passage as PassageSchema } from '#workflows/contracts/source.ts';
import { readJsonLines, writeJsonLines } from './json-lines.ts';

/** `counts.json`: what was read, kept and dropped, and why. */
export interface SourceCounts {
  rows: {
    read: number;
    train: number;
    test: number;
    /** Good rows that were not asked for. */
    unused: number;
    dropped: Record<string, number>;
  };
  /** Distractor passages of the good rows. */
  passages: { kept: number; dropped: Record<string, number> };
  /** Passages of the pool file. */
  pool: { kept: number; dropped: Record<string, number> };
}

/** Source rows of a split, one at a time. @throws SourceError naming file, row and field */
export async function* readMdqaRows(sourceDir: string, split: 'train' | 'test'): AsyncGenerator<MdqaRow> {
  for await (const { value } of readJsonLines(MdqaRowSchema, join(sourceDir, `${split}.jsonl`))) yield value;
}

/** The whole pool. @throws SourceError naming file, row and field */
export async function readPool(sourceDir: string): Promise<Passage[]> {
  const passages: Passage[] = [];
  for await (const { value } of readJsonLines(PassageSchema, join(sourceDir, 'pool.jsonl'))) passages.push(value);
  return passages;
}

/** `counts.json` in short, for progress and reports. */
export type SourceSummary = Record<
  'rowsRead' | 'rowsDropped' | 'rowsUnused' | 'trainRows' | 'testRows' | 'passages' | 'passagesDropped' | 'poolPassages' | 'poolPassagesDropped',
  number
>;

/** Writes `train.jsonl`, `test.jsonl`, `pool.jsonl` and `counts.json`; what `pool` drops may be known only at its end. */
export async function writeMdqaSource(
  outputDir: string,
  rows: { train: Iterable<MdqaRow>; test: Iterable<MdqaRow> },
  pool: Iterable<Passage> | AsyncIterable<Passage>,
  counts: () => SourceCounts,
): Promise<SourceSummary> {
  await mkdir(outputDir, { recursive: true });
  await writeJsonLines(join(outputDir, 'train.jsonl'), rows.train);
  await writeJsonLines(join(outputDir, 'test.jsonl'), rows.test);
  await writeJsonLines(join(outputDir, 'pool.jsonl'), pool);
  const found = counts();
  await writeFile(join(outputDir, 'counts.json'), `${JSON.stringify(found, null, 2)}\n`);
  return {
    rowsRead: found.rows.read,
    rowsDropped: sum(found.rows.dropped),
    rowsUnused: found.rows.unused,
    trainRows: found.rows.train,
    testRows: found.rows.test,
    passages: found.passages.kept,
    passagesDropped: sum(found.passages.dropped),
    poolPassages: found.pool.kept,
    poolPassagesDropped: sum(found.pool.dropped),
  };
}

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
