/** The files of a source artifact: rows of the two splits, what fills contexts, and counts. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { GivenExample, MdqaRow, MusiqueRow, Passage, SummhayDocument, SummhayRow } from '#workflows/contracts/source.ts';
import { readJsonLines, writeJsonLines } from './json-lines.ts';

/** `counts.json`: what was read, kept and dropped, and why. */
export interface SourceCounts {
  rows: {
    read: number;
    train: number;
    test: number;
    /** Training rows beyond those asked for and the spare ones: a condition that does not take every question goes on with them. */
    further: number;
    /** Good rows that were not kept. */
    unused: number;
    dropped: Record<string, number>;
  };
  /** Distractor passages of the good rows. */
  passages: { kept: number; dropped: Record<string, number> };
  /** Passages of the pool file, or the documents of a SummHay source. */
  pool: { kept: number; dropped: Record<string, number> };
}

/**
 * `train` goes on with the further rows behind those asked for and the spare ones; `train only` does not: texts are written
 * for these only, since each costs money.
 */
type Rows = 'train' | 'train only' | 'test';

const FILES = { train: ['train.jsonl', 'further.jsonl'], 'train only': ['train.jsonl'], test: ['test.jsonl'] } as const satisfies Record<Rows, readonly string[]>;

/** Files of rows; the further ones only where the source has some. */
function filesOf(sourceDir: string, rows: Rows): string[] {
  return FILES[rows].map((name) => join(sourceDir, name)).filter((path, at) => at === 0 || existsSync(path));
}

/** Every file of rows of a source artifact. */
export const rowFiles = (sourceDir: string) => [...filesOf(sourceDir, 'train'), ...filesOf(sourceDir, 'test')];

/** Source rows, one at a time. @throws SourceError naming file, row and field */
async function* readRows<T extends z.ZodType>(schema: T, sourceDir: string, rows: Rows): AsyncGenerator<z.output<T>> {
  for (const file of filesOf(sourceDir, rows)) {
    for await (const { value } of readJsonLines(schema, file)) yield value;
  }
}

export const readMdqaRows = (sourceDir: string, rows: Rows) => readRows(MdqaRow, sourceDir, rows);
export const readMusiqueRows = (sourceDir: string, rows: Rows) => readRows(MusiqueRow, sourceDir, rows);
/** Rows of a task of one's own, by its schema. */
export const readOwnRows = <T extends z.ZodType>(schema: T, sourceDir: string, rows: Rows) => readRows(schema, sourceDir, rows);
export const readGivenRows = (sourceDir: string, rows: Rows) => readRows(GivenExample, sourceDir, rows);
export const readSummhayRows = (sourceDir: string, rows: Rows) => readRows(SummhayRow, sourceDir, rows);

/** Training rows of a source artifact, the spare ones among them; the further ones are not. */
export async function trainingRows(sourceDir: string): Promise<number> {
  return (JSON.parse(await readFile(join(sourceDir, 'counts.json'), 'utf8')) as SourceCounts).rows.train;
}

/** The whole pool. @throws SourceError naming file, row and field */
export const readPool = (sourceDir: string) => readAll(Passage, join(sourceDir, 'pool.jsonl'));

/** All documents of a SummHay source. @throws SourceError naming file, row and field */
export const readDocuments = (sourceDir: string) => readAll(SummhayDocument, join(sourceDir, 'documents.jsonl'));

async function readAll<T extends z.ZodType>(schema: T, file: string): Promise<z.output<T>[]> {
  const all: z.output<T>[] = [];
  for await (const { value } of readJsonLines(schema, file)) all.push(value);
  return all;
}

/** `counts.json` in short, for progress and reports. */
export type SourceSummary = Record<
  'rowsRead' | 'rowsDropped' | 'rowsUnused' | 'trainRows' | 'furtherRows' | 'testRows' | 'passages' | 'passagesDropped' | 'poolPassages' | 'poolPassagesDropped',
  number
>;

type Values = Iterable<object> | AsyncIterable<object>;

/** Writes each of `files` as JSONL, in their order, and `counts.json`; what was dropped may be known only when all are written. */
export async function writeSource(outputDir: string, files: { train: Values; further?: Values; test: Values } & ({ pool: Values } | { documents: Values }), counts: () => SourceCounts): Promise<SourceSummary> {
  await mkdir(outputDir, { recursive: true });
  for (const [name, values] of Object.entries(files)) await writeJsonLines(join(outputDir, `${name}.jsonl`), values);
  const found = counts();
  await writeFile(join(outputDir, 'counts.json'), `${JSON.stringify(found, null, 2)}\n`);
  return {
    rowsRead: found.rows.read,
    rowsDropped: sum(found.rows.dropped),
    rowsUnused: found.rows.unused,
    trainRows: found.rows.train,
    furtherRows: found.rows.further,
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
