import { describe, expect, it } from 'vitest';
import { headSets } from '#activities/patch/head-sets.ts';
import { PatchSpec, type SweepSpecInput } from '#workflows/contracts/spec.ts';

/** Two layers of four heads. On both data: [0,0], [0,1], [1,0]. On real data only: [0,2], [1,1]. On synthetic data only: [0,3], [1,3]. */
const REAL = [
  [0.2, 0.9, 0.1, 0],
  [0.5, 0.3, 0, 0],
];
const SYNTHETIC = [
  [0.8, 0.1, 0, 0.05],
  [0.1, 0, 0, 0.6],
];

const sets = (spec: SweepSpecInput['patch'] = {}, seed = 0, real = REAL, synthetic = SYNTHETIC) => headSets(real, synthetic, PatchSpec.parse({ choice: 'highest', ...spec }), seed);
const headsOf = (found: ReturnType<typeof headSets>, id: string) => found.sets.find((set) => set.id === id)!.heads;

describe('sets of heads to patch', () => {
  it('are complement, intersection and random heads, as many of each as the smaller one has, those of highest real score', () => {
    const found = sets();
    expect(found).toMatchObject({ n: 2, candidates: { complement: 2, intersection: 3 }, skipped: [] });
    expect(found.sets.map(({ id, kind, draw }) => [id, kind, draw])).toEqual([['complement', 'complement', null], ['intersection', 'intersection', null], ['random-draw-0', 'random', 0]]);
    expect(headsOf(found, 'complement')).toEqual([[1, 1], [0, 2]]);
    expect(headsOf(found, 'intersection')).toEqual([[0, 1], [1, 0]]);
    expect(new Set(headsOf(found, 'random-draw-0').map(String)).size).toBe(2);
  });

  it('count heads of either side in a symmetric complement: those of real data first, then the others by their own score', () => {
    const found = sets({ complement: 'symmetric' });
    expect(found).toMatchObject({ n: 3, candidates: { complement: 4, intersection: 3 } });
    expect(headsOf(found, 'complement')).toEqual([[1, 1], [0, 2], [1, 3]]);
    expect(headsOf(found, 'intersection')).toHaveLength(3);
  });

  it('are the same for the same seed; random draws differ among themselves and by seed, and leave no head out', () => {
    expect(sets({ randomDraws: 3 }, 5)).toEqual(sets({ randomDraws: 3 }, 5));
    const draws = (seed: number) => sets({ randomDraws: 40 }, seed).sets.filter(({ kind }) => kind === 'random').map(({ heads }) => heads);
    expect(draws(1)).not.toEqual(draws(2));
    expect(new Set(draws(1).flat().map(String)).size).toBe(8);
  });

  it('may be sampled without replacement, as in the paper; the smaller set is whole either way', () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 30; seed++) {
      const found = sets({ choice: 'sampled' }, seed);
      expect(found).toEqual(sets({ choice: 'sampled' }, seed));
      expect(headsOf(found, 'complement')).toEqual([[0, 2], [1, 1]]);
      const heads = headsOf(found, 'intersection');
      expect(new Set(heads.map(String)).size).toBe(2);
      for (const head of heads) expect(['0,0', '0,1', '1,0']).toContain(String(head));
      seen.add(String(heads));
    }
    expect(seen.size, 'every pair of the three is drawn by some seed').toBe(3);
  });

  it('are skipped with the reason where one of them is empty', () => {
    const none = [[0, 0, 0, 0], [0, 0, 0, 0]];
    expect(sets({}, 0, REAL, REAL)).toEqual({
      n: 0,
      candidates: { complement: 0, intersection: 5 },
      sets: [],
      skipped: [
        { kind: 'complement', reason: 'the complement of real and synthetic heads is empty' },
        { kind: 'intersection', reason: 'no set of equal size: the complement of real and synthetic heads is empty' },
        { kind: 'random', reason: 'no set of equal size: the complement of real and synthetic heads is empty' },
      ],
    });
    expect(sets({}, 0, REAL, none)).toMatchObject({ n: 0, candidates: { complement: 5, intersection: 0 }, sets: [] });
    expect(sets({}, 0, none, none).skipped.at(-1)).toEqual({ kind: 'random', reason: 'no set of equal size: the complement and the intersection of real and synthetic heads are empty' });
  });

  it('are refused for scores of two bases', () => {
    expect(() => sets({}, 0, REAL, [[1]])).toThrow('found 2 × 4 (real) and 1 × 1 heads');
  });
});
