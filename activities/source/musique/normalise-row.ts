/** From a row of MuSiQue's own files (Trivedi et al. 2022) to the project's. */
import { z } from 'zod';
import type { Hop, MusiqueRow, Passage } from '#workflows/contracts/source.ts';
import { answerOccurrences, normalise } from '../answers.ts';
import { usableDistractors } from '../distractors.ts';
import { PADDING } from '../padding.ts';
import { oneLine, toPassage } from '../passage.ts';
import type { Tally } from '../tally.ts';

/** The fields that are read; others are allowed and ignored. */
export const MusiqueJson = z.object({
  id: z.string().min(1),
  question: z.string(),
  answer: z.string(),
  answer_aliases: z.array(z.string()).default([]),
  answerable: z.boolean().nullish(),
  question_decomposition: z.array(z.object({ id: z.int(), question: z.string(), answer: z.string(), paragraph_support_idx: z.int().nullable() })),
  paragraphs: z.array(z.object({ idx: z.int(), title: z.string(), paragraph_text: z.string(), is_supporting: z.boolean() })),
  /** Set where a row was put together again from parts: steps for which several paragraphs came into question. */
  _ambiguous_steps: z.int().optional(),
});
export type MusiqueJson = z.infer<typeof MusiqueJson>;

const LINEAR_THREE_HOP = /^3hop1__/;

/**
 * The row in the project's form, or the reason why it cannot be used: it must be a linear three-hop question whose hops all
 * point to their paragraphs, and the last of these must contain the answer. Distractors that contain one are left out and
 * counted in `passagesDropped`.
 */
export function normaliseMusiqueRow(raw: MusiqueJson, passagesDropped: Tally): MusiqueRow | string {
  if (!LINEAR_THREE_HOP.test(raw.id)) return 'not a linear three-hop question';
  if (raw.answerable === false) return 'marked unanswerable';
  if ((raw._ambiguous_steps ?? 0) > 0) return 'reconstructed with an ambiguous step';
  const question = oneLine(raw.question);
  if (normalise(question) === '') return 'empty question';
  const answers = [...new Set([raw.answer, ...raw.answer_aliases].map(oneLine).filter((answer) => answer !== ''))];
  if (answers.length === 0) return 'empty answers';
  // Such an answer would stand in every paragraph of padding.
  if (answerOccurrences(PADDING.join(' '), answers).length > 0) return 'answer stands in the padding sentences';
  if (raw.question_decomposition.length !== 3) return 'not three hops';

  const supports: Passage[] = [];
  const hops: Hop[] = [];
  for (const hop of raw.question_decomposition) {
    const found = raw.paragraphs.find(({ idx }) => idx === hop.paragraph_support_idx);
    if (found === undefined) return 'a hop without its paragraph';
    if (!found.is_supporting) return 'a hop whose paragraph is not marked supporting';
    const passage = toPassage({ title: found.title, text: found.paragraph_text });
    if (passage.text === '') return 'a supporting paragraph without text';
    const known = supports.findIndex(({ text }) => text === passage.text);
    const support = known < 0 ? supports.push(passage) - 1 : known;
    const [asked, answer] = [oneLine(hop.question), oneLine(hop.answer)];
    if (asked === '' || answer === '') return 'a hop without question or answer';
    hops.push({ id: hop.id, question: asked, answer, support, triple: tripleOf(asked) });
  }
  const last = supports[(hops[2] as Hop).support] as Passage;
  if (answerOccurrences(last.text, answers).length === 0) return 'answer not in the last supporting paragraph';

  const candidates = raw.paragraphs.filter(({ is_supporting }) => !is_supporting).map(({ title, paragraph_text }) => toPassage({ title, text: paragraph_text }));
  return { id: raw.id, question, answers, hops, supports, distractors: usableDistractors(candidates, supports, answers, passagesDropped) };
}

/** Subject and relation of a hop written `X >> relation` (from T-REx; paper, C.1), else null. */
export function tripleOf(question: string): Hop['triple'] {
  const parts = question.split(/\s*>>\s*/);
  const [subject, relation] = parts;
  return parts.length === 2 && subject && relation ? { subject, relation } : null;
}
