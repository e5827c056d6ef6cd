import { expect, test } from 'vitest';
import { promptPieces } from '#activities/report/prompt.ts';

const joined = (pieces: { text: string }[]) => pieces.map(({ text }) => text).join('');

test('spans count code points, not UTF-16 units', () => {
  const { pieces } = promptPieces({ prompt: '🏭🏭 the 👩‍🚀 x', needles: [{ start: 3, end: 10 }], answerSpans: [{ start: 7, end: 10 }] });
  expect(pieces.map(({ kind, text }) => [kind, text])).toEqual([
    ['haystack', '🏭🏭 '],
    ['needle', 'the '],
    ['answer', '👩‍🚀'],
    ['haystack', ' x'],
  ]);
});

test('the middle of a long haystack is folded, its ends and what surrounds a needle stay in view', () => {
  const prompt = `${'a'.repeat(1000)}NEEDLE${'b'.repeat(300)}NEEDLE${'c'.repeat(2000)}`;
  const { pieces, lostSpans } = promptPieces({ prompt, needles: [{ start: 1000, end: 1006 }, { start: 1306, end: 1312 }], answerSpans: [] });
  expect(pieces.map(({ kind, folded, length }) => [kind, folded, length])).toEqual([
    ['haystack', false, 220], ['haystack', true, 560], ['haystack', false, 220],
    ['needle', false, 6], ['haystack', false, 300], ['needle', false, 6],
    ['haystack', false, 220], ['haystack', true, 1560], ['haystack', false, 220],
  ]);
  expect(joined(pieces)).toBe(prompt);
  expect(lostSpans).toBe(0);
});

test('overlapping needles, spans past the end and outside it lose no text', () => {
  const { pieces, lostSpans } = promptPieces({ prompt: 'abcdef', needles: [{ start: 1, end: 4 }, { start: 2, end: 99 }, { start: 50, end: 60 }], answerSpans: [{ start: 0, end: 1 }] });
  expect(joined(pieces)).toBe('abcdef');
  expect(pieces.map(({ kind }) => kind)).toEqual(['answer', 'needle']);
  expect(lostSpans).toBe(1);
});
