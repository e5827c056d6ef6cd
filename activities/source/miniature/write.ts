import type { Task } from '#workflows/contracts/experiment.ts';
import { type SourceCounts, type SourceSummary, writeSource } from '../artifact.ts';
import { SourceError } from '../errors.ts';
import { FURTHER_SHARE } from '../order.ts';
import type { OnProgress } from '../progress.ts';
import { mdqaQuestions } from './mdqa.ts';
import { musiqueQuestions } from './musique.ts';
import { summhayStatements } from './summhay.ts';
import { miniatureWorld } from './world.ts';

export interface MiniatureSource {
  task: Task;
  seed: number;
  trainRows: number;
  testRows: number;
  /** Hops of MuSiQue's questions. */
  hops?: 2 | 3;
  outputDir: string;
}

/** The rows of a task that the world gives for one split, always in the same order. */
export interface AuthoredRows {
  /** As many as there are. */
  most: number;
  /** The rows from one place to another. */
  rows: (from: number, to: number) => Iterable<object>;
  /** Documents that the first `count` rows are about, where rows share them. */
  documents?: (count: number) => Iterable<object>;
  /** Distractor passages of the first `count` rows. */
  passages: (count: number) => number;
}

/**
 * Writes the miniature's questions as a source artifact of a task: invented organisations and people, and what is stated of
 * them. Names of the test split stand in no training row. Each row (of SummHay, each topic) has its own stream of chance, so
 * row n is the same however many rows are asked for. Where a condition may not take every question, further rows come along.
 * @throws SourceError if more rows are asked for than the world has questions
 */
export async function writeMiniature({ task, seed, trainRows, testRows, hops = 3, outputDir }: MiniatureSource, onProgress?: OnProgress): Promise<SourceSummary> {
  const [train, test] = [authored(task, 'train', seed, hops), authored(task, 'test', seed, hops)];
  for (const [split, { most }, asked] of [['train', train, trainRows], ['test', test, testRows]] as const) {
    if (asked > most) throw new SourceError(`${split}Rows: found ${asked}, allowed: at most ${most}, the miniature world has no more questions`);
  }
  // SummHay has no condition that does not take every question.
  const further = task === 'summhay' ? 0 : Math.min(FURTHER_SHARE * trainRows, train.most - trainRows);
  const total = trainRows + further + testRows;
  let done = 0;
  function* rows(authoredRows: AuthoredRows, from: number, to: number) {
    for (const row of authoredRows.rows(from, to)) {
      onProgress?.({ phase: 'writing questions', done, total, unit: 'rows' });
      done += 1;
      yield row;
    }
  }
  const documents = [...(train.documents?.(trainRows) ?? []), ...(test.documents?.(testRows) ?? [])];
  const counts: SourceCounts = {
    rows: { read: total, train: trainRows, test: testRows, further, unused: 0, dropped: {} },
    passages: { kept: train.passages(trainRows + further) + test.passages(testRows), dropped: {} },
    pool: { kept: documents.length, dropped: {} },
  };
  const files = { train: rows(train, 0, trainRows), ...(further > 0 && { further: rows(train, trainRows, trainRows + further) }), test: rows(test, 0, testRows) };
  return writeSource(outputDir, train.documents ? { ...files, documents } : { ...files, pool: [] }, () => counts);
}

function authored(task: Task, split: 'train' | 'test', seed: number, hops: 2 | 3): AuthoredRows {
  const world = miniatureWorld();
  switch (task) {
    case 'mdqa':
      return mdqaQuestions(world, split, seed);
    case 'musique':
      return musiqueQuestions(world, split, seed, hops);
    case 'summhay':
      return summhayStatements(world, split, seed);
  }
}
