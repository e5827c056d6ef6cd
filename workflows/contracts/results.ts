/** What models wrote and where their heads looked: predictions, metrics, head scores, masking. */
import { z } from 'zod';
import { Head } from './experiment.ts';

/** One line of `predictions.jsonl` (artifact `evaluate`), in the order of the test split. */
export const Prediction = z.strictObject({
  id: z.string().min(1),
  /** Decoded answer, special tokens removed. */
  text: z.string(),
  tokenIds: z.array(z.int().nonnegative()),
  stoppedBy: z.enum(['eos', 'length']),
});
export type Prediction = z.infer<typeof Prediction>;

/** `metrics.json` of an `evaluate` artifact: means over examples, and each example's own in file order. */
export const Metrics = z.strictObject({
  examples: z.int().positive(),
  f1: z.number(),
  exactMatch: z.number(),
  perExample: z.array(z.strictObject({ id: z.string(), f1: z.number(), exactMatch: z.number() })),
});
export type Metrics = z.infer<typeof Metrics>;

/** `scores.json` of a `score` artifact: mean scores per head, `[layer][head]`, each in 0..1. */
export const HeadScores = z.strictObject({
  layers: z.int().positive(),
  heads: z.int().positive(),
  /** Examples behind the means; 0 where `score.gate` let none pass. */
  examples: z.int().nonnegative(),
  /** Eq. 1. */
  retrieval: z.array(z.array(z.number())),
  /** Eq. 2. */
  insight: z.array(z.array(z.number())),
  /** Mean F1 of the answers that were scored, on the cell's own validation split; null where the true ones were forced. */
  f1: z.number().nullable(),
});
export type HeadScores = z.infer<typeof HeadScores>;

/** `masking.json` of a `mask` artifact: F1 on the real test split with sets of heads silenced (Figure 3). */
export const Masking = z.strictObject({
  /** Test questions behind every F1 here. */
  examples: z.int().positive(),
  /** F1 of the same model on the same questions with no head masked. */
  unmaskedF1: z.number(),
  sets: z.array(
    z.strictObject({
      id: z.string(),
      kind: z.enum(['top', 'random']),
      k: z.int().positive(),
      draw: z.int().nonnegative().nullable(),
      heads: z.array(Head),
      f1: z.number(),
    }),
  ),
  /** k values that could not be run, with the reason (fewer heads than asked for). */
  skipped: z.array(z.strictObject({ k: z.int().positive(), reason: z.string() })),
});
export type Masking = z.infer<typeof Masking>;
