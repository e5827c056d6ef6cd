/** What a task's folder gives to the part that all tasks share. */
import type { Condition } from '#workflows/contracts/experiment.ts';
import type { TaskSpec } from '#workflows/contracts/spec.ts';
import type { Draft } from './draft.ts';

/** Settings of single conditions; the paper's where absent. */
export type TaskOptions = Partial<Pick<TaskSpec, 'limited' | 'listLength'>>;

export interface TaskRequest {
  /** Folder of the task's source artifact. */
  sourceDir: string;
  condition: Condition;
  options: TaskOptions;
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
  /** Why the question is none of the condition, where the condition does not take all. */
  unfit?: string | undefined;
  /** How needle and haystack are written, for the dataset card. */
  generator: string;
}
