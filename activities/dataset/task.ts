/** What a task's folder gives to the part that all tasks share. */
import type { Condition } from '#workflows/contracts/experiment.ts';
import type { Draft } from './draft.ts';

export interface TaskRequest {
  /** Folder of the task's source artifact. */
  sourceDir: string;
  condition: Condition;
  split: 'train' | 'test';
  seed: number;
}

/** A question of the base sample. */
export interface TaskRow {
  id: string;
  /** Its real form: decides for all conditions alike whether the question can be used, so that they stay paired. */
  real: () => Draft;
  /** Its form in the condition asked for. */
  draft: () => Draft;
  /** How needle and haystack are written, for the dataset card. */
  generator: string;
}
