import { describe, expect, it } from 'vitest';
import { rankCandidates, type ExampleScores } from '#activities/analysis/overlap.ts';
import { seededRandom } from '#activities/random/seeded.ts';
import { Ranking } from '#workflows/contracts/advice.ts';

const bootstrap = { resamples: 400, level: 0.95, seed: 3 };

/** Examples in which head h is used with chance `chances[h]`. */
function scored(name: string, examples: number, chances: readonly number[], heads = chances.length): ExampleScores {
  const random = seededRandom(name);
  return { examples, layers: chances.length / heads, heads, scores: Float32Array.from({ length: examples * chances.length }, (_, at) => (random.float() < chances[at % chances.length]! ? 1 : 0)) };
}

describe('ranking of candidates', () => {
  const real = scored('real', 30, [0.9, 0.9, 0.9, 0.9, 0, 0, 0, 0], 4);
  const like = { name: 'like', f1: 0.6, scores: scored('like', 30, [0.9, 0.9, 0.9, 0.9, 0, 0, 0, 0], 4) };
  const half = { name: 'half', f1: null, scores: scored('half', 30, [0.9, 0.9, 0, 0, 0.9, 0.9, 0, 0], 4) };
  const rare = { name: 'rare', f1: 0.2, scores: scored('rare', 30, [0.9, 0.06, 0, 0, 0, 0, 0, 0], 4) };

  it('puts the one that uses the real model’s heads first, with intervals that hold its overlap', () => {
    const ranking = rankCandidates('mdqa/tiny', real, [rare, half, like], 'recall', bootstrap);
    expect(Ranking.parse(ranking)).toEqual(ranking);
    expect(ranking.candidates.map(({ name, rank }) => [name, rank])).toEqual(expect.arrayContaining([['like', 1], ['half', 2], ['rare', 2]]));
    expect(ranking.real).toEqual({ examples: 30, positive: 4, heads: 8 });
    const [first, second, third] = ['like', 'half', 'rare'].map((name) => ranking.candidates.find((one) => one.name === name)!) as [Ranking['candidates'][number], Ranking['candidates'][number], Ranking['candidates'][number]];
    expect(ranking.candidates[0]).toBe(first);
    expect(ranking.candidates[1]!.cosine!.mean).toBeGreaterThanOrEqual(ranking.candidates[2]!.cosine!.mean);
    expect(first).toMatchObject({ recall: { mean: 1, low: 1, high: 1 }, first: 1, f1: 0.6, positive: 4 });
    expect(second).toMatchObject({ recall: { mean: 0.5, low: 0.5, high: 0.5 }, first: 0 });
    // Its second head is used in one or two examples of thirty, so a resample may miss it.
    expect(third.recall).toEqual({ mean: 0.5, low: 0.25, high: 0.5 });
    for (const { cosine: interval } of ranking.candidates) {
      expect(interval!.low).toBeLessThanOrEqual(interval!.mean);
      expect(interval!.high).toBeGreaterThanOrEqual(interval!.mean);
    }
    expect(rankCandidates('mdqa/tiny', real, [rare, half, like], 'recall', bootstrap)).toEqual(ranking);
  });

  it('does not depend on which other candidates there are', () => {
    const alone = rankCandidates('s', real, [half], 'cosine', bootstrap).candidates[0]!;
    const among = rankCandidates('s', real, [like, half, rare], 'cosine', bootstrap).candidates.find(({ name }) => name === 'half')!;
    expect(among.cosine).toEqual(alone.cosine);
    expect(alone.first).toBe(1);
  });

  it('covers the true overlap about as often as it says', () => {
    // Both use four heads, each in about half of the examples, with the same true scores: the true cosine is 1, a boundary, so the
    // interval is tried on heads that agree in part. Truth: scores (.8, .2, 0, 0) and (.8, 0, .2, 0), cosine .64 / .68.
    const truth = 0.64 / 0.68;
    let covered = 0;
    for (let trial = 0; trial < 60; trial += 1) {
      const found = rankCandidates('s', scored(`real ${trial}`, 60, [0.8, 0.2, 0, 0]), [{ name: 'c', f1: null, scores: scored(`c ${trial}`, 60, [0.8, 0, 0.2, 0]) }], 'cosine', { ...bootstrap, resamples: 200, seed: trial });
      const { low, high } = found.candidates[0]!.cosine!;
      if (low <= truth && truth <= high) covered += 1;
    }
    expect(covered).toBeGreaterThanOrEqual(50);
    // An interval that is always wide would cover every time, and say nothing.
    expect(covered).toBeLessThan(60);
  });

  it('says why a candidate, or the real model, cannot be compared', () => {
    const other = { name: 'other', f1: null, scores: scored('other', 5, [1, 1, 1, 1], 4) };
    const nothing = { name: 'nothing', f1: null, scores: scored('nothing', 5, [0, 0, 0, 0, 0, 0, 0, 0], 4) };
    const ranking = rankCandidates('s', real, [other, { name: 'failed', f1: null, scores: { reason: 'out of memory' } }, nothing, like], 'cosine', bootstrap);
    expect(ranking.candidates.map(({ name, rank, reason }) => [name, rank, reason])).toEqual([
      ['like', 1, null],
      ['nothing', null, 'it has no cosine with the real model: no head scores above zero in one of them'],
      ['other', null, 'it has 1 layers of 4 heads, the real model 2 of 4'],
      ['failed', null, 'out of memory'],
    ]);
    expect(rankCandidates('s', { reason: 'out of memory' }, [like], 'recall', bootstrap)).toMatchObject({ real: null, reason: 'out of memory', candidates: [{ name: 'like', rank: null, f1: 0.6 }] });
  });
});
