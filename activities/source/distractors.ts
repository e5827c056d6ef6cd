import type { MdqaRow, Passage } from '#workflows/contracts/source.ts';
import { answerFilter } from './answers.ts';
import type { Tally } from './tally.ts';

export interface DistractorCandidate extends Passage {
  /** The file's own mark that the passage holds an answer. */
  hasAnswer?: boolean;
}

/** Those candidates that may stand around a needle: with text, not among `needles`, no two alike, none with an answer. The rest is counted. */
export function usableDistractors(candidates: readonly DistractorCandidate[], needles: readonly Passage[], answers: readonly string[], dropped: Tally): Passage[] {
  const containsAnswer = answerFilter(answers);
  const seen = new Set(needles.map(({ text }) => text));
  const usable: Passage[] = [];
  for (const { hasAnswer, ...passage } of candidates) {
    const fault = hasAnswer
      ? 'marked hasanswer'
      : passage.text === ''
        ? 'empty text'
        : containsAnswer(passage)
          ? 'contains an answer'
          : seen.has(passage.text)
            ? 'repeated in its row'
            : null;
    if (fault !== null) {
      dropped.add(fault);
      continue;
    }
    seen.add(passage.text);
    usable.push(passage);
  }
  return usable;
}

/**
 * What may stand around an MDQA question's gold passage: its own distractors, then `further` ones; none with an answer, no
 * text twice.
 */
export function* mdqaDistractors({ answers, gold, distractors }: Pick<MdqaRow, 'answers' | 'gold' | 'distractors'>, further: () => Iterable<Passage>): Generator<Passage> {
  const used = new Set([gold.text]);
  const containsAnswer = answerFilter(answers);
  function* usable(passages: Iterable<Passage>) {
    for (const passage of passages) {
      if (used.has(passage.text) || containsAnswer(passage)) continue;
      used.add(passage.text);
      yield passage;
    }
  }
  yield* usable(distractors);
  yield* usable(further());
}
