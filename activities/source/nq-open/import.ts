import type { MdqaRow } from '#workflows/contracts/source.ts';
import { SPARE_SHARE } from '#workflows/contracts/spec.ts';
import { type SourceSummary, writeSource } from '../artifact.ts';
import { SourceError } from '../errors.ts';
import { readJsonLines } from '../json-lines.ts';
import { FURTHER_SHARE, orderKey, SmallestByKey } from '../order.ts';
import { openPool } from '../pool.ts';
import type { OnProgress } from '../progress.ts';
import { Tally } from '../tally.ts';
import { NqOpenRow, normaliseRow } from './normalise-row.ts';

export interface NqOpenImport {
  /** *Lost in the Middle* JSONL, plain or gzipped. */
  questionsFile: string;
  /** JSONL of title and text, plain or gzipped; without it `pool.jsonl` is empty. */
  poolFile?: string;
  seed: number;
  /** Rows that must be there for training (with validation) and for the test split. */
  trainRows: number;
  testRows: number;
  /** Rows of either split beyond those, as a share of them, where the file has them. */
  spareShare?: number;
  outputDir: string;
}

/** Progress is reported every so many rows. */
const PROGRESS_ROWS = 200;

/**
 * Imports NQ-Open questions with their gold passages and distractors as an MDQA source artifact.
 *
 * Rows are ordered by a hash of seed and normalised question: first come the test rows, then the training rows, then the
 * spare ones of both, then further training rows. So the split does not depend on the order of the file, no question is on both sides, and the test
 * split stays the same when more training rows are asked for. Memory holds the chosen rows only.
 * @throws SourceError for a malformed file or too few good rows
 */
export async function importNqOpen(
  { questionsFile, poolFile, seed, trainRows, testRows, spareShare = SPARE_SHARE, outputDir }: NqOpenImport,
  onProgress?: OnProgress,
): Promise<SourceSummary> {
  const rowsDropped = new Tally();
  const passagesDropped = new Tally();
  const wanted = trainRows + testRows;
  const spare = { train: Math.ceil(trainRows * spareShare), test: Math.ceil(testRows * spareShare) };
  const chosen = new SmallestByKey<MdqaRow>(wanted + spare.train + spare.test + FURTHER_SHARE * trainRows);
  const seen = new Set<string>();
  let read = 0;
  let passages = 0;

  for await (const { value, bytesRead, bytesTotal } of readJsonLines(NqOpenRow, questionsFile)) {
    if (read++ % PROGRESS_ROWS === 0) onProgress?.({ phase: 'reading questions', done: bytesRead, total: bytesTotal, unit: 'bytes' });
    const dropped = new Tally();
    const row = normaliseRow(value, dropped);
    if (typeof row === 'string') rowsDropped.add(row);
    else if (seen.has(row.id)) rowsDropped.add('repeated question');
    else {
      seen.add(row.id);
      passages += row.distractors.length;
      for (const [reason, count] of Object.entries(dropped.toRecord())) passagesDropped.add(reason, count);
      chosen.add(orderKey(seed, row.id), row);
    }
  }
  if (seen.size < wanted) {
    throw new SourceError(
      `${questionsFile}: found ${seen.size} usable rows of ${read} (dropped: ${rowsDropped}), needed: ${trainRows} for training + ${testRows} for test`,
    );
  }

  const rows = chosen.inOrder();
  const spareTest = Math.min(spare.test, rows.length - wanted);
  const test = [...rows.slice(0, testRows), ...rows.slice(wanted, wanted + spareTest)];
  const trainEnd = wanted + spareTest + spare.train;
  const train = [...rows.slice(testRows, wanted), ...rows.slice(wanted + spareTest, trainEnd)];
  const further = rows.slice(trainEnd);

  const pool = openPool(poolFile, onProgress);
  return writeSource(outputDir, { train, further, test, pool: pool.passages() }, () => ({
    rows: { read, train: train.length, test: test.length, further: further.length, unused: seen.size - train.length - test.length - further.length, dropped: rowsDropped.toRecord() },
    passages: { kept: passages, dropped: passagesDropped.toRecord() },
    pool: pool.counts(),
  }));
}
