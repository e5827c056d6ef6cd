/**
 * The vocabulary of the study: tasks, conditions and baselines (paper, sections 2.2 and 3).
 * Everything that names one of these imports it from here.
 */
import { z } from 'zod';

/** The three long-context tasks of the paper, section 2.2. */
export const Task = z.enum(['mdqa', 'musique', 'summhay']);
export type Task = z.infer<typeof Task>;

/**
 * How training data is made (paper, section 3.1): `concept expression / context diversity`,
 * plus the real data, the real data of few kinds of questions (`limited`; appendix C.1) and the purely symbolic variant.
 */
export const Condition = z.enum(['real', 'limited', 'high/high', 'high/low', 'low/high', 'low/low', 'symbolic']);
export type Condition = z.infer<typeof Condition>;

/**
 * Models that were not fine-tuned. `untuned` is the base as it is; `untuned-scaled` is the base with only
 * its RoPE theta raised, which shows how much of a tuned model's gain is due to the tuning.
 */
export const Baseline = z.enum(['untuned', 'untuned-scaled']);
export type Baseline = z.infer<typeof Baseline>;

/** `train` and `validation` are the 90/10 split of a condition's examples; `test` is the real test split. */
export const Split = z.enum(['train', 'validation', 'test']);
export type Split = z.infer<typeof Split>;

/** A head of the model: `[layer, head]`, both from 0. */
export const Head = z.tuple([z.int().nonnegative(), z.int().nonnegative()]);
export type Head = z.infer<typeof Head>;
