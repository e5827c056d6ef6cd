/** What a task's folder gives to the part that all tasks share. */
import type { DataKind } from '#workflows/contracts/experiment.ts';
import type { TaskSpec } from '#workflows/contracts/spec.ts';
import type { Draft } from './draft.ts';
import type { Writings } from './writings.ts';

/** Settings of single tasks and conditions; the paper's where absent. */
export type TaskOptions = Partial<Pick<TaskSpec, 'limited' | 'listLength' | 'dictionaryEntries' | 'highestDocumentNumber' | 'documents'>>;

export interface TaskRequest {
  /** Folder of the task's source artifact. */
  sourceDir: string;
  /** Folder of the source's rank artifact; BM25 ranks where there is none. */
  rankingDir?: string | undefined;
  condition: DataKind;
  options: TaskOptions;
  split: 'train' | 'test';
  seed: number;
  /** Texts that were written for the condition; null where it has none. */
  writings: Writings | null;
}

/** A question of the base sample. */
export interface TaskRow {
  id: string;
  /** The source row itself, for conditions of one's own. */
  source: unknown;
  /** Its real form: decides for all conditions alike whether the question can be used, so that they stay paired. */
  real: () => Draft;
  /** Its form in the condition asked for. Throws `Unusable` where texts that it needs could not be written. */
  draft: () => Draft;
  /** Whether the draft rests on texts that were written: one that breaks an invariant costs its question, not the dataset. */
  written?: boolean;
  /** Why the question is none of the condition, where the condition does not take all. */
  unfit?: string | undefined;
  /** What is counted when what the context must hold is too long for it; as a rule what the task says. */
  tooLong?: string;
  /** How needle and haystack are written, for the dataset card. */
  generator: string;
}
