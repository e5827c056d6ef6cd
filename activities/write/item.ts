/** What a writing stage consists of: items, each written by itself, so that one that fails costs itself only. */
import type { Task } from '#workflows/contracts/experiment.ts';
import type { Expression, Written, WrittenNeedles, WrittenPassage } from '#workflows/contracts/writing.ts';
import type { Writer } from './ask.ts';

export interface WritingRequest {
  task: Task;
  what: Written;
  expression: Expression;
  /** Folder of the task's source artifact. */
  sourceDir: string;
  /** Folder of the source's rank artifact; BM25 ranks where there is none. */
  rankingDir?: string | undefined;
  /** Haystack passages that a context may need. */
  passages: number;
  lowFacts: 'template' | 'A.3';
  seed: number;
}

/** One thing to be written. `write` throws `Unwritable` where it cannot be had. */
export interface Item<T> {
  id: string;
  /** Which source row it was come to at, counted from 1: how far the stage is. What no row asks for comes with the last one. */
  row: number;
  /** What is to be counted if it is written; null or left out where there is nothing. */
  note?: string | null;
  write: (writer: Writer) => Promise<T>;
}

/** The two kinds of texts, each a file of its own; a made-up paragraph of MDQA is a needle's document and haystack of others. */
export type Items = { needles: AsyncIterable<Item<WrittenNeedles>> } | { passages: AsyncIterable<Item<WrittenPassage>> };
