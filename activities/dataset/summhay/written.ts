/** Conditions `concept expression / context diversity`, from texts that were written for them (paper, section 3.2). */
import type { SeededRandom } from '#activities/random/seeded.ts';
import { SUPPORTING, type TextRange } from '#activities/source/index.ts';
import type { SummhayRow } from '#workflows/contracts/source.ts';
import type { Draft, Piece } from '../draft.ts';
import { Unusable } from '../errors.ts';
import { PADDING_TEXTS } from '../padding.ts';
import { needlesFor, type Writings } from '../writings.ts';
import { citation, documentNumbers, type Haystack } from './numbers.ts';

/**
 * Documents (ten), of which two hold the needle's sentences, in order and spread through the document. They are filled with
 * insights of the same topic (`others`; high diversity) or with padding (low).
 * @throws Unusable where its texts could not be written, or its topic has no other insight
 */
export function writtenDraft(row: SummhayRow, diversity: 'high' | 'low', writings: Writings, others: readonly SummhayRow[], haystack: Haystack, random: SeededRandom): Draft {
  const { question, needles } = needlesFor(writings, row.id);
  const insights = others.filter(({ id, insight }) => id !== row.id && insight !== row.insight && !needles.some((needle) => insight.includes(needle))).map(({ insight }) => insight);
  if (diversity === 'high' && insights.length === 0) throw new Unusable('no other insight of its topic');
  const texts = (diversity === 'high' ? shuffled(insights, random) : PADDING_TEXTS)[Symbol.iterator]();
  const filler = () => texts.next().value as string;
  const numbers = documentNumbers(random, haystack);
  const answer = citation(numbers.slice(0, SUPPORTING));
  return {
    question,
    answer,
    answers: [answer],
    layout: 'numbered documents',
    required: numbers.map((number, at): Piece => ({ ...(at < SUPPORTING ? inARow(needles) : { text: filler() }), number })),
    filling: { by: 'padding', texts: { [Symbol.iterator]: () => texts } },
    answerIn: 'numbers',
    answersOnlyInNeedles: false,
  };
}

/** The sentences one behind the other, with a seam between each two. */
function inARow(sentences: readonly string[]): Pick<Piece, 'text' | 'needles' | 'seams'> {
  const needles: TextRange[] = [];
  let start = 0;
  for (const { length } of sentences) {
    needles.push({ start, end: start + length });
    start += length + 1;
  }
  return { text: sentences.join(' '), needles, seams: needles.slice(0, -1).map(({ end }) => end) };
}

/** All texts in random order, then all in another one, without end: a topic has fewer insights than documents have room for. */
function* shuffled(texts: readonly string[], random: SeededRandom): Generator<string> {
  for (;;) yield* random.shuffle(texts);
}
