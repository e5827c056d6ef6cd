/**
 * Where heads looked while a few answers were written (part of `results.json`): the tokens of each answer, the parts of its
 * prompt that hold needles and attended tokens, and the position that every head attended most for each token
 * (`examples.safetensors` of a `score` artifact). Bounded: what is left out is counted.
 */
import { z } from 'zod';
import { Head } from './experiment.ts';

const Count = z.int().nonnegative();

/** Half-open range `[from, to)` of token positions in a prompt. */
export const TokenRange = z.tuple([Count, z.int().positive()]);
export type TokenRange = z.infer<typeof TokenRange>;

/** Consecutive tokens of a prompt: the position of the first, and what each stands for in the prompt's text, white space behind it included. */
export const PromptWindow = z.strictObject({ first: Count, tokens: z.array(z.string()).min(1) });
export type PromptWindow = z.infer<typeof PromptWindow>;

export const InspectedExample = z.strictObject({
  /** Id of its source row: the same in every condition that has an example of that row, each with a prompt of its own. */
  id: z.string().min(1),
  question: z.string(),
  /** What the model was trained to write. */
  answer: z.string(),
  /** Whether it is among those that scores are means of (`score.gate`). */
  counted: z.boolean(),
  promptTokens: z.int().positive(),
  /** Text of each token that was written, or of the true answer's where it was forced; without the last `writtenLeftOut`. */
  written: z.array(z.string()).min(1),
  writtenLeftOut: Count,
  /** In the order of the prompt, never touching. Several tokens that spell one character: the first has it, the others are empty. */
  windows: z.array(PromptWindow),
  /** Tokens of the prompt that are in no window. */
  tokensLeftOut: Count,
  /** Positions of tokens that the tokenizer put in and that have no text in the prompt; in windows they stand by name. */
  special: z.array(Count),
  needles: z.array(TokenRange),
  /** Where the answer stands in a needle. */
  answers: z.array(TokenRange),
  /**
   * Base64 of unsigned little-endian integers of `width` bytes: for every token of `written` and, faster, every head of the
   * inspection, the position that the head attended most. Positions from `promptTokens` on are those of the answer's own tokens.
   */
  attended: z.base64(),
  width: z.literal([2, 4]),
  /** How many of these lie in the prompt, but in no window. */
  outside: Count,
});
export type InspectedExample = z.infer<typeof InspectedExample>;

export const Inspection = z.strictObject({
  /** The heads that are told of, in the order of `attended`; null: all, layer by layer. */
  heads: z.array(Head).nullable(),
  headsLeftOut: Count,
  examples: z.array(InspectedExample),
  /** Further validation examples that were scored. */
  examplesLeftOut: Count,
});
export type Inspection = z.infer<typeof Inspection>;
