/** Source rows: real (or authored) questions, normalised by the importers (artifact `source`). */
import { z } from 'zod';

export const Passage = z.strictObject({ title: z.string(), text: z.string().min(1) });
export type Passage = z.infer<typeof Passage>;

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
