/** What models wrote and where their heads looked: predictions, metrics, head scores, masking, patching. */
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

/**
 * `examples.safetensors` of a `score` artifact, in the order of `predictions.jsonl`: for every tensor the kind of its numbers
 * and its dimensions. The scored tokens of all examples stand one after another.
 */
export const HEAD_EXAMPLES = {
  /** Eq. 1 and Eq. 2 of each example; their means are those of `scores.json`, where all examples count. */
  retrieval: { dtype: 'F32', dimensions: ['examples', 'layers', 'heads'] },
  insight: { dtype: 'F32', dimensions: ['examples', 'layers', 'heads'] },
  /** The position each head attended most while a token was predicted; behind the prompt lie the tokens written before it. */
  attended: { dtype: 'I32', dimensions: ['tokens', 'layers', 'heads'] },
  /** Ids of those tokens: generated, or the right answer's where it was forced. */
  written: { dtype: 'I32', dimensions: ['tokens'] },
  /** Example i has the tokens from `offsets[i]` up to, not including, `offsets[i + 1]`. */
  offsets: { dtype: 'I64', dimensions: ['examples + 1'] },
  prompt_tokens: { dtype: 'I32', dimensions: ['examples'] },
  /** Whether an example is among those of the means (`score.gate`). */
  counted: { dtype: 'BOOL', dimensions: ['examples'] },
} as const;

/** What `HEAD_EXAMPLES` describes, read; arrays of several dimensions lie flat, the last dimension fastest. */
export interface HeadExamples {
  examples: number;
  layers: number;
  heads: number;
  retrieval: Float32Array;
  insight: Float32Array;
  attended: Int32Array;
  written: Int32Array;
  offsets: readonly number[];
  promptTokens: readonly number[];
  counted: readonly boolean[];
}

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

/** Sets of heads of which the outputs are patched (paper, section 5). */
export const PatchedKind = z.enum(['complement', 'intersection', 'random']);
export type PatchedKind = z.infer<typeof PatchedKind>;

/**
 * `patching.json` of a `patch` artifact: F1 of the synthetic-data model on the real test split, with the outputs that sets of
 * heads have in the real-data model (Table 3).
 */
export const Patching = z.strictObject({
  /** Test questions behind every F1 here. */
  examples: z.int().positive(),
  /** F1 of the synthetic-data model on the same questions with no head patched. */
  unpatchedF1: z.number(),
  /** N, the number of heads in every set; 0 where a set would be empty, and nothing was patched. */
  n: z.int().nonnegative(),
  /** Heads that the sets were chosen from. */
  candidates: z.strictObject({ complement: z.int().nonnegative(), intersection: z.int().nonnegative() }),
  sets: z.array(
    z.strictObject({
      id: z.string(),
      kind: PatchedKind,
      draw: z.int().nonnegative().nullable(),
      heads: z.array(Head),
      f1: z.number(),
    }),
  ),
  /** Sets that could not be patched, with the reason. */
  skipped: z.array(z.strictObject({ kind: PatchedKind, reason: z.string() })),
});
export type Patching = z.infer<typeof Patching>;
