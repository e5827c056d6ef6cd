/** From a row of the *Lost in the Middle* files (Liu et al. 2023) to the project's own. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { MdqaRow } from '#workflows/contracts/source.ts';
import { answerOccurrences, normalise } from '../answers.ts';
import { usableDistractors } from '../distractors.ts';
import { oneLine, toPassage } from '../passage.ts';
import type { Tally } from '../tally.ts';

/** The fields that are read; others (nq_annotated_gold, retrieval scores, …) are allowed and ignored. */
export const NqOpenRow = z.object({
  question: z.string(),
  answers: z.array(z.string()).min(1),
  ctxs: z
    .array(z.object({ title: z.string(), text: z.string(), isgold: z.boolean(), hasanswer: z.boolean() }))
    .min(1),
});
export type NqOpenRow = z.infer<typeof NqOpenRow>;

/**
 * The row in the project's form, or the reason why it cannot be used: the question's only gold passage must contain an
 * answer. Distractors that contain one are left out and counted in `passagesDropped`.
 */
export function normaliseRow(raw: NqOpenRow, passagesDropped: Tally): MdqaRow | string {
  const question = oneLine(raw.question);
  const key = normalise(question);
  if (key === '') return 'empty question';
  const answers = [...new Set(raw.answers.map(oneLine).filter((answer) => answer !== ''))];
  if (answers.length === 0) return 'empty answers';
  const golds = raw.ctxs.filter(({ isgold }) => isgold);
  if (golds.length === 0) return 'no gold passage';
  if (golds.length > 1) return 'several gold passages';
  const gold = toPassage(golds[0] as NqOpenRow['ctxs'][number]);
  if (answerOccurrences(gold.text, answers).length === 0) return 'answer not in the gold text';

  const candidates = raw.ctxs.filter(({ isgold }) => !isgold).map((passage) => ({ ...toPassage(passage), hasAnswer: passage.hasanswer }));
  const distractors = usableDistractors(candidates, [gold], answers, passagesDropped);
  return { id: `nq-${createHash('sha256').update(key).digest('hex').slice(0, 16)}`, question, answers, gold, distractors };
}
