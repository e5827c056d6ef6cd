/** Conditions `concept expression / context diversity` for statements whose fact is known (the miniature source). */
import type { SeededRandom } from '#activities/random/seeded.ts';
import { SUPPORTING } from '#activities/source/index.ts';
import type { Dimensions } from '#workflows/contracts/experiment.ts';
import type { Fact, SummhayRow } from '#workflows/contracts/source.ts';
import type { SyntheticSource } from '../authored.ts';
import type { Draft, Piece } from '../draft.ts';
import { PADDING_TEXTS } from '../padding.ts';
import { citationVerifier, otherStatements, twoWordings } from './statements.ts';
import { citation, documentNumbers, type Haystack } from './numbers.ts';

/**
 * The fact is stated in both documents that are to be cited, in the same words: another wording of the real statement that is
 * asked for or, under low expression, a plain one, asked for by another plain one. Documents are filled with other statements
 * in such wordings (high diversity) or with padding (low; paper, section 3.2). `needleRandom` is that of the row in both
 * conditions of an expression, so that these have the same needles and differ in what is around them.
 */
export function syntheticDraft(
  { insight, fact }: Pick<SummhayRow, 'insight'> & { fact: Fact },
  { expression, diversity }: Dimensions,
  haystack: Haystack,
  source: SyntheticSource,
  needleRandom: SeededRandom,
  random: SeededRandom,
): Draft {
  const register = expression === 'high' ? 'paraphrase' : 'plain';
  const [needle, asked] = twoWordings(source, register, fact, needleRandom);
  const texts = (diversity === 'high' ? otherStatements(source, register, fact, random) : PADDING_TEXTS)[Symbol.iterator]();
  const numbers = documentNumbers(random, haystack);
  const answer = citation(numbers.slice(0, SUPPORTING));
  return {
    question: expression === 'high' ? insight : asked,
    answer,
    answers: [answer],
    layout: 'numbered documents',
    required: numbers.map((number, at): Piece => (at < SUPPORTING ? { text: needle, number, needles: [{ start: 0, end: needle.length }] } : { text: texts.next().value as string, number })),
    filling: { by: 'padding', texts: { [Symbol.iterator]: () => texts } },
    answerIn: 'numbers',
    answersOnlyInNeedles: false,
    verify: citationVerifier(fact, answer),
  };
}
