import type { MusiqueRow } from '#workflows/contracts/source.ts';
import { SPARE_SHARE } from '#workflows/contracts/spec.ts';
import { normalise } from '../answers.ts';
import { type SourceSummary, writeSource } from '../artifact.ts';
import { SourceError } from '../errors.ts';
import { readJsonLines } from '../json-lines.ts';
import { openPool } from '../pool.ts';
import type { OnProgress } from '../progress.ts';
import { Tally } from '../tally.ts';
import { MusiqueJson, normaliseMusiqueRow } from './normalise-row.ts';
import { splitByHops } from './split.ts';

export interface MusiqueImport {
  /** JSONL in MuSiQue's format, plain or gzipped; together they are one set of rows. */
  questionsFiles: readonly string[];
  /** JSONL of further paragraphs; without it `pool.jsonl` is empty. */
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
const PROGRESS_ROWS = 100;

/**
 * Imports the linear three-hop rows of MuSiQue as a source artifact.
 *
 * No training row shares a hop with a test row (`splitByHops`); rows on neither side are counted. The test split does not
 * depend on the order of the files, nor on how many training rows are asked for.
 * @throws SourceError for a malformed file or too few good rows
 */
export async function importMusique(
  { questionsFiles, poolFile, seed, trainRows, testRows, spareShare = SPARE_SHARE, outputDir }: MusiqueImport,
  onProgress?: OnProgress,
): Promise<SourceSummary> {
  const dropped = new Tally();
  const passagesDropped = new Tally();
  const byId = new Map<string, MusiqueRow>();
  const questions = new Set<string>();
  let read = 0;
  for (const file of questionsFiles) {
    for await (const { value, bytesRead, bytesTotal } of readJsonLines(MusiqueJson, file)) {
      if (read++ % PROGRESS_ROWS === 0) onProgress?.({ phase: 'reading questions', done: bytesRead, total: bytesTotal, unit: 'bytes' });
      const passages = new Tally();
      const row = normaliseMusiqueRow(value, passages);
      if (typeof row === 'string') dropped.add(row);
      else if (byId.has(row.id) || questions.has(normalise(row.question))) dropped.add('repeated question');
      else {
        byId.set(row.id, row);
        questions.add(normalise(row.question));
        for (const [reason, count] of Object.entries(passages.toRecord())) passagesDropped.add(reason, count);
      }
    }
  }

  const split = (spareRows: number) => splitByHops([...byId.values()], testRows, spareRows, seed);
  const withSpare = split(Math.ceil(testRows * spareShare));
  const { test, train: apart, sharing } = withSpare.train.length >= trainRows ? withSpare : split(0);
  dropped.add('shares a hop with a test question', sharing);
  const train = apart.slice(0, trainRows + Math.ceil(trainRows * spareShare));
  // One row in ten is all of triples, so all are kept.
  const further = apart.slice(train.length);
  if (test.length < testRows || train.length < trainRows) {
    throw new SourceError(
      `${questionsFiles.join(', ')}: found ${test.length} usable rows for test and ${train.length} for training of ${read} (dropped: ${dropped}), needed: ${testRows} for test + ${trainRows} for training`,
    );
  }

  const pool = openPool(poolFile, onProgress);
  return writeSource(outputDir, { train, further, test, pool: pool.passages() }, () => ({
    rows: { read, train: train.length, test: test.length, further: further.length, unused: 0, dropped: dropped.toRecord() },
    passages: { kept: [...train, ...test].reduce((sum, { distractors }) => sum + distractors.length, 0), dropped: passagesDropped.toRecord() },
    pool: pool.counts(),
  }));
}
