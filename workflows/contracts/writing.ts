/** Texts that an LLM (or its offline stand-in) writes for the conditions `concept expression / context diversity` (artifact `write`). */
import { z } from 'zod';

/**
 * What is written: `needles` are the statements f* with the question they answer (prompts A.1, A.3, A.5 to A.7); `passages`
 * paraphrase the task's own haystack; `paragraphs` are made up (A.2, A.4).
 */
export const Written = z.enum(['needles', 'passages', 'paragraphs']);
export type Written = z.infer<typeof Written>;

/** High: real names. Low: 4-character symbols in their place; of SummHay, simplified statements. */
export const Expression = z.enum(['high', 'low']);
export type Expression = z.infer<typeof Expression>;

/** One line of `needles.jsonl`: a source row as a condition asks it. */
export const WrittenNeedles = z.strictObject({
  /** Id of the source row. */
  id: z.string().min(1),
  question: z.string().min(1),
  /** Accepted answers, the one to be written first; empty where the answer is a citation. */
  answers: z.array(z.string().min(1)),
  /** Titles of the needles' documents, where these have any; as many as there are needles. */
  titles: z.array(z.string()),
  /** One for MDQA, one per hop for MuSiQue, the sentences of the statement for SummHay. */
  needles: z.array(z.string().min(1)).min(1),
});
export type WrittenNeedles = z.infer<typeof WrittenNeedles>;

/** One line of `passages.jsonl`: haystack. */
export const WrittenPassage = z.strictObject({
  /** What it was written for: the SHA-256 of the passage it paraphrases, or the source row and hop, or `extra` and a number. */
  of: z.string().min(1),
  title: z.string(),
  text: z.string().min(1),
});
export type WrittenPassage = z.infer<typeof WrittenPassage>;

/** Counts that a dataset's card takes over. */
export const WritingCounts = z.strictObject({
  /** "offline templates", or the model's name. */
  writer: z.string().min(1),
  /** Items that were to be written, and written. */
  asked: z.int().nonnegative(),
  written: z.int().nonnegative(),
  /** Replies used and refused, over all items; 0 where no LLM was asked. */
  calls: z.int().nonnegative(),
  /** Calls whose tokens are estimated from their texts, three bytes each, since the endpoint did not say; none where absent. */
  estimated: z.int().positive().optional(),
  promptTokens: z.int().nonnegative(),
  completionTokens: z.int().nonnegative(),
  /** At the price of the spec or of the project's list; null where neither knows it. */
  dollars: z.number().nonnegative().nullable(),
  /** Replies that did not fit their form, by reason; each was asked for again. */
  refused: z.record(z.string(), z.int().positive()),
  /** Items given up after the last attempt, by reason. */
  dropped: z.record(z.string(), z.int().positive()),
  /** Items written that a reader should know of, by what they are, such as questions of low expression without a symbol; left out where there are none. */
  noted: z.record(z.string(), z.int().positive()).optional(),
});
export type WritingCounts = z.infer<typeof WritingCounts>;
