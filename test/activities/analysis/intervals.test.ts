import { describe, expect, test } from 'vitest';
import { bootstrapMean, mean, quantile, RESAMPLES } from '#activities/analysis/index.ts';

const settings = { resamples: RESAMPLES, level: 0.95, seed: 0 };

describe('bootstrap interval of a mean', () => {
  test('the same values and seed give the same interval, another seed nearly the same', () => {
    const values = Array.from({ length: 200 }, (_, at) => (at % 4) / 3);
    const first = bootstrapMean(values, settings);
    expect(bootstrapMean(values, settings)).toEqual(first);
    const other = bootstrapMean(values, { ...settings, seed: 1 });
    expect(other).not.toEqual(first);
    expect(other.low).toBeCloseTo(first.low, 2);
    expect(other.high).toBeCloseTo(first.high, 2);
  });

  test('of 60 right among 100 it is the binomial interval', () => {
    const values = Array.from({ length: 100 }, (_, at) => (at < 60 ? 1 : 0));
    const { mean: centre, low, high } = bootstrapMean(values, settings);
    expect(centre).toBe(0.6);
    // Binomial(100, .6) / 100: 2.5 % and 97.5 % points are .50 and .69 (scipy.stats.binom.ppf), in steps of .01.
    expect(Math.abs(low - 0.5)).toBeLessThan(0.011);
    expect(Math.abs(high - 0.69)).toBeLessThan(0.011);
  });

  test('of equal values it has no width', () => expect(bootstrapMean([0.5, 0.5, 0.5], settings)).toEqual({ mean: 0.5, low: 0.5, high: 0.5 }));
  test('of one value likewise', () => expect(bootstrapMean([0.25], settings)).toEqual({ mean: 0.25, low: 0.25, high: 0.25 }));
  test('of nothing it is an error', () => expect(() => bootstrapMean([], settings)).toThrow(/at least one/));
  test('of a NaN it is an error that says where', () => expect(() => bootstrapMean([0, Number.NaN], settings)).toThrow(/values\[1\].*NaN/));
  test('senseless settings are refused', () => {
    expect(() => bootstrapMean([1], { ...settings, level: 95 })).toThrow(/level.*95/);
    expect(() => bootstrapMean([1], { ...settings, resamples: 0 })).toThrow(/resamples.*0/);
  });
});

test('mean and quantiles by hand', () => {
  expect(mean([1, 2, 6])).toBe(3);
  expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
  expect(quantile([1, 2, 3, 4], 0)).toBe(1);
  expect(quantile([1, 2, 3, 4], 1)).toBe(4);
  // numpy.quantile([0, 10, 20], 0.1) = 2
  expect(quantile([0, 10, 20], 0.1)).toBe(2);
  expect(() => quantile([], 0.5)).toThrow(/at least one/);
  expect(() => quantile([1], 2)).toThrow(/0\.\.1/);
});
