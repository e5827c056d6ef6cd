import { describe, expect, it } from 'vitest';
import { CardWriter, tenths } from '#activities/dataset/card.ts';
import type { Example } from '#workflows/contracts/dataset.ts';

describe('histograms of a card', () => {
  it('count each value once, the highest in the last bin', () => {
    expect(tenths([0, 0.05, 0.1, 0.95, 1], 0, 1)).toEqual([2, 1, 0, 0, 0, 0, 0, 0, 0, 2]);
    expect(tenths([7, 7], 7, 7)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
  });

  it('tell lengths and depths of every split, in code points', () => {
    const card = new CardWriter('mdqa', 'real', 'made here');
    const prompt = `${'😀'.repeat(50)}needle${'.'.repeat(44)}`;
    const example = (promptTokens: number): Example => ({
      id: 'e', task: 'mdqa', condition: 'real', split: 'train', prompt, answer: 'needle', answers: ['needle'], question: '?',
      needles: [{ start: 50, end: 56 }, { start: 0, end: 1 }], answerSpans: [], promptTokens,
    });
    for (const tokens of [100, 150, 200]) card.add(example(tokens));
    expect(card.finish().splits.train).toEqual({
      examples: 3,
      promptTokens: { min: 100, mean: 150, max: 200, counts: [1, 0, 0, 0, 0, 1, 0, 0, 0, 1] },
      meanNeedleDepth: 0.25,
      needleDepths: [3, 0, 0, 0, 0, 3, 0, 0, 0, 0],
    });
  });
});
