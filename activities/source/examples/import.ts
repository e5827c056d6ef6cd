import type { Task } from '#workflows/contracts/experiment.ts';
import { GivenExample } from '#workflows/contracts/source.ts';
import { citesDocuments } from '#workflows/tasks/lookup.ts';
import { type SourceSummary, writeSource } from '../artifact.ts';
import { SourceError } from '../errors.ts';
import { readJsonLines } from '../json-lines.ts';
import { orderKey } from '../order.ts';
import type { OnProgress } from '../progress.ts';
import { givenDocuments, givenStated } from './read.ts';

export interface ExamplesImport {
  task: Task;
  /** JSONL, plain or gzipped, lines of `GivenExample`. */
  examplesFile: string;
  testFile?: string;
  seed: number;
  /** At most so many examples of either split. */
  trainRows: number;
  testRows: number;
  outputDir: string;
}

/**
 * Imports finished examples as a source artifact of a task, each checked. They are ordered by a hash of seed and id, so that it does
 * not matter how a file is sorted.
 * @throws SourceError naming file, row and field of an example that is not as it should be
 */
export async function importExamples({ task, examplesFile, testFile, seed, trainRows, testRows, outputDir }: ExamplesImport, onProgress?: OnProgress): Promise<SourceSummary> {
  const train = await readExamples(task, examplesFile, seed, onProgress);
  const test = testFile === undefined ? [] : await readExamples(task, testFile, seed, onProgress);
  const asked = new Set(test.map(({ id }) => id));
  const both = train.find(({ id }) => asked.has(id));
  if (both !== undefined) throw new SourceError(`${examplesFile}: id: found "${both.id}" here and among the test examples, allowed: each id in one of them`);
  const kept = { train: train.slice(0, trainRows), test: test.slice(0, testRows) };
  const read = train.length + test.length;
  return writeSource(outputDir, { ...kept, pool: [] }, () => ({
    rows: { read, train: kept.train.length, test: kept.test.length, further: 0, unused: read - kept.train.length - kept.test.length, dropped: {} },
    passages: { kept: 0, dropped: {} },
    pool: { kept: 0, dropped: {} },
  }));
}

async function readExamples(task: Task, file: string, seed: number, onProgress?: OnProgress): Promise<GivenExample[]> {
  const check = citesDocuments(task) ? givenDocuments : givenStated;
  const found: GivenExample[] = [];
  const ids = new Set<string>();
  for await (const { value, row, bytesRead, bytesTotal } of readJsonLines(GivenExample, file)) {
    const refuse = (problem: string) => new SourceError(`${file}, row ${row}: ${problem}`);
    if (ids.has(value.id)) throw refuse(`id: found "${value.id}" a second time, allowed: each id once`);
    ids.add(value.id);
    try {
      check(value);
    } catch (error) {
      throw error instanceof RangeError ? refuse(error.message) : error;
    }
    found.push(value);
    onProgress?.({ phase: 'reading examples', done: bytesRead, total: bytesTotal, unit: 'bytes' });
  }
  if (found.length < 2) throw new SourceError(`${file}: found ${found.length} examples, allowed: at least 2`);
  return found.map((example) => ({ example, key: orderKey(seed, example.id) })).sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ example }) => example);
}
