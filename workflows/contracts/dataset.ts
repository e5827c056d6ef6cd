/**
 * Datasets: rendered prompts with answers and exact spans (artifact `dataset`).
 * Files: `train.jsonl` and `validation.jsonl` of a condition, or `test.jsonl` of the real test split; lines of `Example`.
 */
import { z } from 'zod';
import { DataKind, Split, Task } from './experiment.ts';
import { WritingCounts } from './writing.ts';

/** Half-open range `[start, end)` of Unicode code points (not UTF-16 units) in an example's prompt. */
export const Span = z
  .strictObject({ start: z.int().nonnegative(), end: z.int().positive() })
  .refine(({ start, end }) => start < end, { message: 'span must not be empty: start < end' });
export type Span = z.infer<typeof Span>;

/** One prompt as the model sees it, raw text, with what it should answer. */
export const Example = z.strictObject({
  id: z.string().min(1),
  task: Task,
  condition: DataKind,
  split: Split,
  /** The rendered training prompt (paper, B.1 or B.2), ending in "Answer:". */
  prompt: z.string().min(1),
  /** What the model is trained to write after the prompt, without the separating space. */
  answer: z.string().min(1),
  /** All answers that count as right; `answer` is one of them. */
  answers: z.array(z.string().min(1)).min(1),
  question: z.string().min(1),
  /** Where the needles f* stand in the prompt. */
  needles: z.array(Span).min(1),
  /** Every occurrence of the answer inside a needle (y* in the context, Eq. 1). */
  answerSpans: z.array(Span),
  /** Length of the prompt in the model's tokens, special tokens included. */
  promptTokens: z.int().positive(),
});
export type Example = z.infer<typeof Example>;

/**
 * One line of `pairing.jsonl`: what tells an example from that of the same question in another condition. Hashes are the
 * first 16 hexadecimal digits of a SHA-256.
 */
export const Pairing = z.strictObject({
  id: z.string().min(1),
  question: z.string(),
  /** Of the needles' texts, whatever their places. */
  needles: z.string(),
  /** Share of the context's characters outside of needles that are padding sentences, in 0..1. */
  padding: z.number(),
});
export type Pairing = z.infer<typeof Pairing>;

/** A histogram of ten bins. */
const Tenths = z.array(z.int().nonnegative()).length(10);

/** `card.json` of a dataset artifact: what was built, what was dropped and why, and a few samples. */
export const DatasetCard = z.strictObject({
  task: Task,
  condition: DataKind,
  splits: z.record(z.string(), z.strictObject({
    examples: z.int().nonnegative(),
    /** `counts`: examples in each tenth of the way from the shortest prompt to the longest. */
    promptTokens: z.strictObject({ min: z.int(), mean: z.number(), max: z.int(), counts: Tenths }),
    /** Mean of (needle start / prompt length), in 0..1. */
    meanNeedleDepth: z.number(),
    /** Needles that start in each tenth of the prompt. */
    needleDepths: Tenths,
  })),
  /** Rows that gave no example, by reason. */
  dropped: z.record(z.string(), z.int().positive()),
  /** How needles and haystack were written, e.g. "miniature templates", "imported", "offline templates" or the name of an LLM. */
  generator: z.string(),
  /** What the texts that were written for the condition took, by role: `needles`, `passages`. Several datasets may rest on the same ones. */
  writing: z.record(z.string(), WritingCounts),
  samples: z.array(Example).max(3),
});
export type DatasetCard = z.infer<typeof DatasetCard>;
