import { expect, it } from 'vitest';
import { headSets } from '#activities/mask/head-sets.ts';
import { MaskSpec } from '#workflows/contracts/spec.ts';

/** Three layers of four heads; six heads score above zero. */
const SCORES = [
  [0, 0.9, 0, 0],
  [0.1, 0.5, 0, 0.4],
  [0.3, 0, 0.2, 0],
];

it('pairs the top k heads with as many random ones per draw', () => {
  const { sets, skipped } = headSets(SCORES, MaskSpec.parse({ k: [2, 4], randomDraws: 3 }), 7);
  expect(skipped).toEqual([]);
  expect(sets.map(({ id }) => id)).toEqual(['top-2', 'random-2-draw-0', 'random-2-draw-1', 'random-2-draw-2', 'top-4', 'random-4-draw-0', 'random-4-draw-1', 'random-4-draw-2']);
  expect(sets[0]).toMatchObject({ kind: 'top', k: 2, draw: null, heads: [[0, 1], [1, 1]] });
  for (const { kind, k, heads } of sets) {
    expect(heads).toHaveLength(k);
    const top = sets.find((set) => set.kind === 'top' && set.k === k)!.heads.map(String);
    if (kind === 'random') expect(heads.map(String).some((head) => top.includes(head))).toBe(false);
  }
});

it('draws the same heads for the same seed, and others for another', () => {
  const draw = (seed: number) => headSets(SCORES, MaskSpec.parse({ k: [3] }), seed).sets.filter(({ kind }) => kind === 'random').map(({ heads }) => heads);
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
});

it('leaves layers out of the random draws on request', () => {
  const { sets } = headSets(SCORES, MaskSpec.parse({ k: [3], randomDraws: 20, randomExcludesLayers: [0] }), 1);
  expect(sets.filter(({ kind }) => kind === 'random').flatMap(({ heads }) => heads).every(([layer]) => layer > 0)).toBe(true);
});

it('skips a k with too few heads, and says why', () => {
  const { sets, skipped } = headSets(SCORES, MaskSpec.parse({ k: [2, 7] }), 1);
  expect(sets.every(({ k }) => k === 2)).toBe(true);
  expect(skipped).toEqual([{ k: 7, reason: 'k: 7 heads were asked for, but only 6 have a positive score' }]);
});
