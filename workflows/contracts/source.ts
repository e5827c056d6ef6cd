/** Source rows: real (or authored) questions, normalised by the importers (artifact `source`). */
import { z } from 'zod';

export const Passage = z.strictObject({ title: z.string(), text: z.string().min(1) });
export type Passage = z.infer<typeof Passage>;

/** One line of `ranking.jsonl` of a rank artifact: the passages of the source's pool that are most like the question of a row. */
export const Ranked = z.strictObject({
  /** Id of the source row. */
  id: z.string().min(1),
  question: z.string().min(1),
  /** Indices in `pool.jsonl`, from 0, best first. */
  passages: z.array(z.int().nonnegative()),
});
export type Ranked = z.infer<typeof Ranked>;

/** What a row states, where the source knows it: needed to write the needle anew for a synthetic condition. */
export const Fact = z.strictObject({
  subjectType: z.enum(['organisation', 'person']),
  subject: z.string().min(1),
  relation: z.string().min(1),
  value: z.string().min(1),
});
export type Fact = z.infer<typeof Fact>;

/**
 * One line of `train.jsonl` or `test.jsonl` of an MDQA source artifact (Liu et al. 2023): one question, the passage
 * that answers it, and passages that do not. `distractors` may be empty; the artifact's `pool.jsonl` (lines of `Passage`)
 * then fills the context.
 */
export const MdqaRow = z.strictObject({
  id: z.string().min(1),
  question: z.string().min(1),
  answers: z.array(z.string().min(1)).min(1),
  gold: Passage,
  distractors: z.array(Passage),
  fact: Fact.optional(),
});
export type MdqaRow = z.infer<typeof MdqaRow>;

/** One hop of a question: a sub-question, or a triple of a knowledge graph ("Kent State University >> located in"). */
export const Hop = z.strictObject({
  /** Number of the component question in the original data; rows that share one share that hop. */
  id: z.int(),
  /** As written, with `#1` for the answer of the first hop. */
  question: z.string().min(1),
  answer: z.string().min(1),
  /** Index in the row's `supports`. */
  support: z.int().nonnegative(),
  /** Subject and relation of a `>>` hop (T-REx); null for a question in words. */
  triple: z.strictObject({ subject: z.string().min(1), relation: z.string().min(1) }).nullable(),
  /** What the hop states, where the source knows it. */
  fact: Fact.optional(),
});
export type Hop = z.infer<typeof Hop>;

/** One line of `train.jsonl` or `test.jsonl` of a MuSiQue source artifact (Trivedi et al. 2022): a linear question of three hops, or of two where the source was asked for such. */
export const MusiqueRow = z.strictObject({
  id: z.string().min(1),
  question: z.string().min(1),
  answers: z.array(z.string().min(1)).min(1),
  hops: z.array(Hop).min(2).max(3),
  /** Passages that the hops rest on, each once. */
  supports: z.array(Passage).min(1),
  distractors: z.array(Passage),
});
export type MusiqueRow = z.infer<typeof MusiqueRow>;

/** One line of `documents.jsonl` of a SummHay source artifact (Laban et al. 2024). */
export const SummhayDocument = z.strictObject({
  id: z.string().min(1),
  topic: z.string().min(1),
  text: z.string().min(1),
  /** Insights that the document contains. */
  insights: z.array(z.string()),
});
export type SummhayDocument = z.infer<typeof SummhayDocument>;

/** One line of `train.jsonl` or `test.jsonl` of a SummHay source artifact: an insight whose documents are to be cited. */
export const SummhayRow = z.strictObject({
  /** The insight's own id. */
  id: z.string().min(1),
  topic: z.string().min(1),
  insight: z.string().min(1),
  /** What it states, where the source knows it. */
  fact: Fact.optional(),
});
export type SummhayRow = z.infer<typeof SummhayRow>;

/**
 * One line of a file of finished examples, a researcher's own (source kind `examples`), and of `train.jsonl` or `test.jsonl` of its
 * source artifact. The prompt becomes the task's training prompt (paper, B.1 or B.2) around this context and question, which are left as they are.
 */
export const GivenExample = z.strictObject({
  /** Each once in the file. */
  id: z.string().min(1).max(500),
  /** What stands between the prompt's instructions; for SummHay Citation lines `Document [n]: …`, each number once. */
  context: z.string().min(1),
  /** The parts of `context` that state what is asked, each exactly as it stands there, and there once only. */
  needles: z.array(z.string().min(1)).min(1),
  /** The question, or of SummHay Citation the statement. */
  question: z.string().min(1),
  /** What the model is to write: it stands in a needle; of SummHay Citation the numbers of the documents that hold needles: `[3][7]`. */
  answer: z.string().min(1),
  /** All answers that count as right; `answer` alone, as a rule. */
  answers: z.array(z.string().min(1)).min(1).optional(),
});
export type GivenExample = z.infer<typeof GivenExample>;
