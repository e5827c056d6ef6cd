import { describe, expect, test } from 'vitest';
import { cosine, randomHeads, recall, retrievalHeads, scoreKind, topHeads } from '#activities/analysis/index.ts';
import type { Head } from '#workflows/contracts/experiment.ts';

const matrix = [
  [0, 0.2, 0.5],
  [0.2, 0, 0.9],
];

describe('retrieval heads', () => {
  test('are those with a positive score, highest first, ties by layer and head', () => {
    expect(retrievalHeads(matrix)).toEqual([[1, 2], [0, 2], [0, 1], [1, 0]]);
    expect(retrievalHeads([[0, 0]])).toEqual([]);
    expect(retrievalHeads([[Number.MIN_VALUE]])).toEqual([[0, 0]]);
  });

  test('of a broken matrix are an error that says where', () => {
    expect(() => retrievalHeads([[0, 1], [0]])).toThrow(/matrix\[1\]: 2 heads expected.*found 1/);
    expect(() => retrievalHeads([[0, Number.NaN]])).toThrow(/matrix\[0\]\[1\].*NaN/);
    expect(() => retrievalHeads([[-0.1]])).toThrow(/-0.1/);
    expect(() => retrievalHeads([])).toThrow(/at least one/);
  });

  test('the top k never reach into heads that score zero', () => {
    expect(topHeads(matrix, 2)).toEqual([[1, 2], [0, 2]]);
    expect(topHeads(matrix, 4)).toHaveLength(4);
    expect(() => topHeads(matrix, 5)).toThrow(/5 heads were asked for, but only 4/);
    expect(() => topHeads(matrix, 0)).toThrow(/positive integer/);
  });

  test('SummHay counts insight heads, the others retrieval heads', () => {
    expect([scoreKind('mdqa'), scoreKind('musique'), scoreKind('summhay')]).toEqual(['retrieval', 'retrieval', 'insight']);
  });
});

describe('recall |row ∩ column| / |column|', () => {
  const scoring = (...heads: Head[]) => [0, 1, 2, 3].map((layer) => [0, 1, 2, 3].map((head) => (heads.some(([l, h]) => l === layer && h === head) ? 0.1 : 0)));
  const row = scoring([0, 1], [1, 2], [3, 3]);
  const column = scoring([1, 2], [3, 3], [0, 0], [2, 1]);
  test('is not symmetric', () => {
    expect(recall(row, column)).toBe(0.5);
    expect(recall(column, row)).toBeCloseTo(2 / 3, 12);
  });
  test('of itself is 1, of nothing undefined, by nothing 0', () => {
    expect(recall(row, row)).toBe(1);
    expect(recall(row, scoring())).toBeNull();
    expect(recall(scoring(), row)).toBe(0);
  });
});

describe('cosine of score vectors', () => {
  test('by hand', () => {
    // (1·3 + 2·4) / (√5 · 5)
    expect(cosine([[1, 2]], [[3, 4]])).toBeCloseTo(11 / (5 * Math.sqrt(5)), 12);
    expect(cosine([[1], [0]], [[0], [1]])).toBe(0);
  });
  test('of itself is exactly at most 1, whatever the scale', () => {
    expect(cosine(matrix, matrix)).toBeCloseTo(1, 12);
    expect(cosine(matrix, matrix)).toBeLessThanOrEqual(1);
    expect(cosine(matrix, matrix.map((scores) => scores.map((score) => score * 1e-9)))).toBeCloseTo(1, 12);
  });
  test('is undefined where a model has no scores', () => expect(cosine(matrix, [[0, 0, 0], [0, 0, 0]])).toBeNull());
  test('needs the same shape, even with as many heads', () => {
    expect(() => cosine([[1, 2]], [[1], [2]])).toThrow(/1 × 2 and 2 × 1/);
  });
});

describe('random heads', () => {
  const input = { layers: 4, heads: 8, exclude: [[1, 0], [2, 7]] as Head[], excludeLayers: [0], k: 5, seed: 7, draw: 0 };
  test('are distinct, outside what is excluded, ordered, and the same every time', () => {
    const heads = randomHeads(input);
    expect(randomHeads(input)).toEqual(heads);
    expect(new Set(heads.map(String)).size).toBe(5);
    expect(heads).toEqual([...heads].sort((a, b) => a[0] - b[0] || a[1] - b[1]));
    for (const head of heads) {
      expect(head[0]).toBeGreaterThanOrEqual(1);
      expect(['1,0', '2,7']).not.toContain(String(head));
    }
  });
  test('differ between draws and seeds', () => {
    expect(randomHeads({ ...input, draw: 1 })).not.toEqual(randomHeads(input));
    expect(randomHeads({ ...input, seed: 8 })).not.toEqual(randomHeads(input));
  });
  test('can be all that are left, and no more', () => {
    expect(randomHeads({ ...input, k: 22 })).toHaveLength(22);
    expect(() => randomHeads({ ...input, k: 23 })).toThrow(/23 random heads were asked for, but only 22/);
  });
});
