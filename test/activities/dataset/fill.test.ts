import { expect, it } from 'vitest';
import type { Piece } from '#activities/dataset/draft.ts';
import { fillPrompt } from '#activities/dataset/fill.ts';
import { openTokenizer } from '#activities/dataset/tokens.ts';
import { seededRandom } from '#activities/random/seeded.ts';
import { characterTokenizer, emptyFolder } from './support.ts';

it('goes on looking for shorter pieces when the first ones do not fit', async () => {
  const counter = openTokenizer(await characterTokenizer(await emptyFolder()));
  const piece = (length: number): Piece => ({ text: 'x'.repeat(length) });
  function* others(): Generator<Piece> {
    for (let at = 0; at < 12; at += 1) yield piece(5000);
    for (;;) yield piece(80);
  }
  const draft = {
    question: 'q', answer: 'a', answers: ['a'], layout: 'documents' as const, required: [{ text: 'the needle a', needles: [{ start: 0, end: 12 }] }],
    filling: { by: 'pieces' as const, others: others() }, answerIn: 'needles' as const, answersOnlyInNeedles: false,
  };
  const { promptTokens, pieces } = await fillPrompt(draft, 3000, counter, seededRandom('fill'));
  expect(promptTokens).toBeLessThanOrEqual(3000);
  expect(promptTokens).toBeGreaterThan(3000 - 100);
  expect(pieces.every(({ text }) => text.length < 5000)).toBe(true);
});
