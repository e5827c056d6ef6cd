import type { OwnTask, WithId } from '#workflows/tasks/own-task.ts';
import { type SourceSummary, writeSource } from '../artifact.ts';
import { SourceError } from '../errors.ts';
import { readJsonLines } from '../json-lines.ts';
import { orderKey } from '../order.ts';
import type { OnProgress } from '../progress.ts';

export interface RowsImport {
  task: OwnTask;
  /** JSONL, plain or gzipped, lines of the task's rows. */
  trainFile: string;
  testFile: string;
  seed: number;
  trainRows: number;
  testRows: number;
  /** Rows of either split beyond those, as a share of them, where the files have them. */
  spareShare: number;
  outputDir: string;
}

/**
 * Imports the rows of a task of one's own, each checked against the task's schema, ordered by a hash of seed and id.
 * @throws SourceError naming file, row and field, or where there are too few
 */
export async function importRows({ task, trainFile, testFile, seed, trainRows, testRows, spareShare, outputDir }: RowsImport, onProgress?: OnProgress): Promise<SourceSummary> {
  const taken = async (file: string, needed: number) => {
    const all = await readAll(task, file, seed, onProgress);
    if (all.length < needed) throw new SourceError(`${file}: found ${all.length} rows, needed: ${needed}; allowed: fewer examples, or a file with more rows`);
    return { all, kept: all.slice(0, needed + Math.ceil(needed * spareShare)) };
  };
  const [train, test] = [await taken(trainFile, trainRows), await taken(testFile, testRows)];
  const ids = new Set(test.all.map(({ id }) => id));
  const both = train.all.find(({ id }) => ids.has(id));
  if (both !== undefined) throw new SourceError(`${trainFile}: id: found "${both.id}" here and in ${testFile}, allowed: each id in one of them`);
  const read = train.all.length + test.all.length;
  return writeSource(outputDir, { train: train.kept, test: test.kept, pool: [] }, () => ({
    rows: { read, train: train.kept.length, test: test.kept.length, further: 0, unused: read - train.kept.length - test.kept.length, dropped: {} },
    passages: { kept: 0, dropped: {} },
    pool: { kept: 0, dropped: {} },
  }));
}

async function readAll({ row: schema }: OwnTask, file: string, seed: number, onProgress?: OnProgress): Promise<WithId[]> {
  const rows: WithId[] = [];
  const ids = new Set<string>();
  for await (const { value, row, bytesRead, bytesTotal } of readJsonLines(schema, file)) {
    if (ids.has(value.id)) throw new SourceError(`${file}, row ${row}: id: found "${value.id}" a second time, allowed: each id once`);
    ids.add(value.id);
    rows.push(value);
    onProgress?.({ phase: 'reading rows', done: bytesRead, total: bytesTotal, unit: 'bytes' });
  }
  return rows.map((row) => ({ row, key: orderKey(seed, row.id) })).sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ row }) => row);
}
