/**
 * The vocabulary of the study: tasks, conditions and baselines (paper, sections 2.2 and 3).
 * Everything that names one of these imports it from here.
 */
import { z } from 'zod';
import { OWN_CONDITIONS, OWN_TASKS } from '../tasks/index.ts';

/** The three long-context tasks of the paper, section 2.2. */
export const PaperTask = z.enum(['mdqa', 'musique', 'summhay']);

/**
 * Those, and the tasks of one's own (workflows/tasks). Types tell the paper's by name; whatever is said for each of these alone is asked
 * of a task of one's own first (`ownTask`).
 */
export const Task = z.enum([...PaperTask.options, ...OWN_TASKS.map(({ task }) => task)] as unknown as typeof PaperTask.options);
export type Task = z.infer<typeof Task>;

/**
 * How training data is made (paper, section 3.1): `concept expression / context diversity`,
 * plus the real data, the real data of few kinds of questions (`limited`; appendix C.1) and the purely symbolic variant.
 */
const PaperKind = z.enum(['real', 'limited', 'high/high', 'high/low', 'low/high', 'low/low', 'symbolic']);
/** Those, and the conditions of one's own (workflows/tasks), of which types know as of the tasks. */
export const DataKind = z.enum([...PaperKind.options, ...OWN_CONDITIONS.map(({ condition }) => condition)] as unknown as typeof PaperKind.options);
export type DataKind = z.infer<typeof DataKind>;

/** MDQA's limited subsets (paper, appendix C.1): questions with who, when or where; with when or where; with who. */
export const LimitedSubset = z.enum(['L1', 'L2', 'L3']);
export type LimitedSubset = z.infer<typeof LimitedSubset>;

/**
 * What cells are tuned on. `limited` is the one subset that a task's spec names; MDQA's three also have names of their own, for
 * a sweep over several.
 */
export const Condition = z.enum([...DataKind.options, 'limited-L1', 'limited-L2', 'limited-L3']);
export type Condition = z.infer<typeof Condition>;

/** The kind of data of a condition, and the subset that it names, if it does. */
export function dataOf(condition: Condition): { kind: DataKind; subset: LimitedSubset | null } {
  const [kind, subset] = condition.split('-');
  return subset === undefined ? { kind: condition as DataKind, subset: null } : { kind: kind as DataKind, subset: subset as LimitedSubset };
}

/** The two dimensions of synthetic data (paper, section 3.1). */
export interface Dimensions {
  /** How needle concepts are expressed. High: real names in varied wordings. Low: 4-character symbols (of SummHay: simplified statements). */
  expression: 'high' | 'low';
  /** What stands around the needles. High: various texts. Low: the padding sentences. */
  diversity: 'high' | 'low';
}

/** Both dimensions of a condition `concept expression / context diversity`; null for the others. */
export function dimensionsOf(condition: Condition): Dimensions | null {
  const [expression, diversity] = condition.split('/');
  return diversity === undefined ? null : ({ expression, diversity } as Dimensions);
}

/**
 * Models that were not fine-tuned. `untuned` is the base as it is; `untuned-scaled` is the base with only
 * its RoPE theta raised, which shows how much of a tuned model's gain is due to the tuning.
 */
export const Baseline = z.enum(['untuned', 'untuned-scaled']);
export type Baseline = z.infer<typeof Baseline>;

/** Stages of a cell, in the order of the experiment; a baseline has `evaluate` alone. */
export const CellStage = z.enum(['dataset', 'train', 'evaluate', 'score', 'mask', 'patch']);
export type CellStage = z.infer<typeof CellStage>;

/** `train` and `validation` are the 90/10 split of a condition's examples; `test` is the real test split. */
export const Split = z.enum(['train', 'validation', 'test']);
export type Split = z.infer<typeof Split>;

/** A head of the model: `[layer, head]`, both from 0. */
export const Head = z.tuple([z.int().nonnegative(), z.int().nonnegative()]);
export type Head = z.infer<typeof Head>;
