import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { averageRanks, spearman } from '#activities/analysis/index.ts';
import { PAPER_TABLES } from '#activities/paper/tables.ts';
import { seededRandom } from '#activities/random/seeded.ts';

/** First column and F1 of a recall table, row by row. */
function columns(number: number): { recalls: number[]; f1: number[] } {
  const cells = PAPER_TABLES[number - 1]?.cells ?? [];
  const recalls = cells.flatMap((cell) => (cell.measure === 'recall' && cell.against === 'real' ? [cell.value] : []));
  return { recalls, f1: cells.flatMap((cell) => (cell.measure === 'f1' ? [cell.value] : [])) };
}
const ofTable = (number: number) => spearman(columns(number).recalls, columns(number).f1);

describe('Spearman', () => {
  test('ranks ties by their average', () => {
    expect(averageRanks([10, 20, 20, 5])).toEqual([2, 3.5, 3.5, 1]);
    expect(() => averageRanks([1, Number.NaN])).toThrow(/values\[1\].*NaN/);
  });

  test('draws pairings for the p-value of more than ten', () => {
    const [up, down] = [Array.from({ length: 12 }, (_, at) => at), Array.from({ length: 12 }, (_, at) => -at)];
    // One of 12! pairings, and its mirror: none is drawn but the observed one.
    expect(spearman(up, down)).toEqual({ rho: -1, p: 1e-5, n: 12 });
    // With ties; of 2,000,000 pairings that NumPy draws, 0.15553 reach it, and Student's t gives 0.15459 (scipy.stats.spearmanr).
    const mixed = [8, 1, 0, 7, 2, 11, 4, 5, 10, 6, 9, 8];
    const found = spearman(up, mixed);
    expect(found.rho).toBeCloseTo(0.4378290427, 9);
    // Three standard errors of 100,000 draws.
    expect(Math.abs((found.p as number) - 0.15553)).toBeLessThan(0.0035);
    expect(spearman(up, mixed)).toEqual(found);
  });

  test('takes means for equal that differ by the rounding of their sums alone', () => {
    const [one, other] = [(0.1 + 0.2) / 2, (0.3 + 0) / 2];
    expect(one).not.toBe(other);
    expect(averageRanks([one, other, 0.15 + 1e-9])).toEqual([1.5, 1.5, 3]);
    expect(spearman([one, other, 0.5], [0.3, 0.2, 0.5])).toEqual(spearman([0.15, 0.15, 0.5], [0.3, 0.2, 0.5]));
  });

  test('counts every pairing for its p-value', () => {
    expect(spearman([1, 2, 3], [1, 2, 3])).toEqual({ rho: 1, p: 2 / 6, n: 3 });
    expect(spearman([1, 2, 3, 4], [4, 3, 2, 1])).toEqual({ rho: -1, p: 2 / 24, n: 4 });
    expect(spearman([1, 2, 3], [2, 2, 2])).toEqual({ rho: null, p: null, n: 3 });
    expect(spearman([1], [2])).toEqual({ rho: null, p: null, n: 1 });
    expect(spearman([], [])).toEqual({ rho: null, p: null, n: 0 });
    expect(() => spearman([1, 2], [1])).toThrow(/y: 2 values expected, as in x, found 1/);
  });

  test.each([5, 7, 10, 14, 15, 16])('from the paper’s Table %i is what the paper reports', (table) => {
    const { rho } = ofTable(table);
    // Table 14: 0.605 is printed as 0.60.
    expect(Math.abs((rho as number) - (PAPER_TABLES[table - 1]?.reportedSpearman as number))).toBeLessThan(0.0051);
  });

  test('from the paper’s Tables 6, 8 and 9 is not what the paper reports', () => {
    // 6: 0.75 only if the tie at F1 0.32 hides S,S > Limited; 8: 0.16 within what ties hide; 9: 0.40 from no subset of rows.
    expect([6, 8, 9].map((table) => [ofTable(table).rho?.toFixed(3), PAPER_TABLES[table - 1]?.reportedSpearman])).toEqual([
      ['0.667', 0.75],
      ['0.134', 0.16],
      ['0.847', 0.4],
    ]);
  });

  test('the same as scipy’s, rho and exact p-value, ties and all', () => {
    const python = process.env.NEEDLEWORK_PYTHON_ENV;
    if (!python) throw new Error('NEEDLEWORK_PYTHON_ENV is not set: run the tests by "npm test"');
    const random = seededRandom('spearman-test', 1);
    const drawn = Array.from({ length: 12 }, (_, at) => {
      const n = 3 + (at % 5);
      const values = () => random.sample(Array.from({ length: 2 * n }, (__, value) => Math.floor(value / 2) / 10), n);
      return { recalls: values(), f1: values() };
    });
    const pairs = [...drawn, ...[5, 6, 7, 8, 9, 10, 14, 15, 16].map(columns)];
    const script = `
import json, sys, numpy as np
from scipy.stats import permutation_test, rankdata, spearmanr
def both(x, y):
    rho = spearmanr(x, y).statistic
    if np.isnan(rho): return [None, None]
    a, b = rankdata(x) - (len(x) + 1) / 2, rankdata(y) - (len(y) + 1) / 2
    product = lambda ranks, axis=-1: np.sum(ranks * b, axis=axis)
    found = permutation_test((a,), product, permutation_type='pairings', n_resamples=np.inf, vectorized=True, batch=10000)
    return [rho, float(np.mean(np.abs(found.null_distribution) >= abs(np.sum(a * b)) - 1e-9))]
print(json.dumps([both(pair['recalls'], pair['f1']) for pair in json.load(sys.stdin)]))`;
    const theirs = JSON.parse(execFileSync(python, ['-c', script], { input: JSON.stringify(pairs), encoding: 'utf8' })) as [number | null, number | null][];
    expect(theirs).toHaveLength(pairs.length);
    for (const [at, [rho, p]] of theirs.entries()) {
      const { recalls, f1 } = pairs[at] as (typeof pairs)[number];
      const ours = spearman(recalls, f1);
      if (rho === null) expect(ours.rho).toBeNull();
      else expect(ours.rho).toBeCloseTo(rho, 12);
      if (p !== null) expect(ours.p).toBeCloseTo(p, 12);
    }
  }, 120_000);
});
