import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { draw } from '#activities/report/charts/draw.ts';
import { domain, scatterChart, spearmanText, spread } from '#activities/report/charts/scatter.ts';

describe('labels beside a scatter', () => {
  test('never stand on one another, keep their order, and move no further than they must', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 190, noNaN: true }), { minLength: 1, maxLength: 10 }), (wished) => {
        const places = spread(wished, 13, 190);
        const order = wished.map((place, at) => ({ place, at })).sort((a, b) => a.place - b.place || a.at - b.at);
        for (const [rank, { at }] of order.entries()) {
          if (rank > 0) expect(places[at]! - places[order[rank - 1]!.at]!).toBeGreaterThanOrEqual(13 - 1e-9);
          expect(places[at]).toBeGreaterThanOrEqual(-1e-9);
          expect(places[at]).toBeLessThanOrEqual(190 + 1e-9);
        }
        if (order.every(({ place }, rank) => rank === 0 || place - order[rank - 1]!.place >= 13)) expect(places).toEqual(wished);
      }),
    );
  });
  test('go beyond the drawing where there is no room in it', () => {
    expect(spread([5, 5, 5], 13, 20)).toEqual([0, 13, 26]);
  });
});

test('axes end at steps around the values, within 0 and 1', () => {
  expect(domain([0.31, 0.58])).toEqual([0.3, 0.6]);
  expect(domain([0.993, 1])).toEqual([0.9, 1]);
  expect(domain([0, 0])).toEqual([0, 0.1]);
  expect(domain([0.4, 0.4])).toEqual([0.35, 0.45]);
});

test('every point is there, named and with its values on hover', async () => {
  const { markup } = await draw(scatterChart([{ name: 'Real', kind: 'real', cosine: 1, f1: 0.58 }, { name: 'High / High', kind: 'synthetic', cosine: 0.81, f1: 0.56 }]));
  expect(Array.from(markup.matchAll(/<title>([^<]*)<\/title>/g), ([, text]) => text)).toEqual(['Real: cosine 1.00, F1 0.58', 'High / High: cosine 0.81, F1 0.56']);
  expect(Array.from(markup.matchAll(/<text[^>]*>([^<]*)<\/text>/g), ([, text]) => text)).toEqual(expect.arrayContaining(['Real', 'High / High', 'F1', 'cosine of head scores with real data']));
});

test('a correlation is told with its p and n, and its absence too', () => {
  expect(spearmanText({ rho: -0.214, p: 0.662, n: 7 })).toBe('Spearman −0.21 (p = 0.662, n = 7)');
  expect(spearmanText({ rho: 1, p: 0.0004, n: 7 })).toBe('Spearman 1.00 (p < 0.001, n = 7)');
  expect(spearmanText({ rho: 0.5, p: null, n: 12 })).toBe('Spearman 0.50 (n = 12)');
  expect(spearmanText({ rho: null, p: null, n: 1 })).toBe('no rank correlation (n = 1)');
});
