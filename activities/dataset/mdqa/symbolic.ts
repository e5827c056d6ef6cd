/** Condition `symbolic`: one pair of a dictionary of random symbols is asked for (Xiong et al. 2024). */
import type { SeededRandom } from '#activities/random/seeded.ts';
import type { Draft, Piece } from '../draft.ts';
import { SymbolDraw } from '../symbols.ts';

export function symbolicDraft(random: SeededRandom): Draft {
  const symbols = new SymbolDraw(random);
  const pair = (key: string, value: string) => `"${key}": "${value}"`;
  const [key, value] = [symbols.next(), symbols.next()];
  const needle = pair(key, value);
  function* others(): Generator<Piece> {
    for (;;) yield { text: pair(symbols.next(), symbols.next()) };
  }
  return {
    question: `What is the value of key "${key}"?`,
    answer: value,
    answers: [value],
    layout: 'dictionary',
    required: [{ text: needle, needles: [{ start: 0, end: needle.length }] }],
    filling: { by: 'pieces', others: others() },
    answerIn: 'needles',
    answersOnlyInNeedles: true,
  };
}
