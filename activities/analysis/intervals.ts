/** Uncertainty of means over examples: percentile bootstrap, seeded. */
import { seededRandom } from '#activities/random/seeded.ts';
import type { Interval } from '#workflows/contracts/report.ts';

/** How every interval of a report is made. `seed` is the sweep's. */
export interface Bootstrap {
  resamples: number;
  /** Coverage aimed at, in 0..1. */
  level: number;
  seed: number;
}

/** Resampling behind every interval: with 200 examples its ends then move by less than .005 between seeds. */
export const RESAMPLES = 10_000;
export const LEVEL = 0.95;

/** Arithmetic mean. @throws RangeError where there is nothing to average, or a value is not finite */
export function mean(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('values: at least one is needed for a mean, found none');
  let sum = 0;
  for (const [at, value] of values.entries()) {
    if (!Number.isFinite(value)) throw new RangeError(`values[${at}]: must be a finite number, found ${value}`);
    sum += value;
  }
  return sum / values.length;
}

/**
 * Mean of per-example values with its percentile bootstrap interval over examples. The same values and settings give the
 * same interval. Every call resamples by the same draws, so two models on the same questions are resampled alike.
 * @throws RangeError where values are missing or not finite, or the settings make no sense
 */
export function bootstrapMean(values: readonly number[], { resamples, level, seed }: Bootstrap): Interval {
  if (!Number.isInteger(resamples) || resamples < 1) throw new RangeError(`resamples: must be a positive integer, found ${resamples}`);
  if (!(level > 0 && level < 1)) throw new RangeError(`level: must lie between 0 and 1, found ${level}`);
  const centre = mean(values);
  const random = seededRandom('bootstrap', seed, values.length);
  const means = new Float64Array(resamples);
  for (let resample = 0; resample < resamples; resample++) {
    let sum = 0;
    for (let draw = 0; draw < values.length; draw++) sum += values[random.int(values.length)] as number;
    means[resample] = sum / values.length;
  }
  means.sort();
  const tail = (1 - level) / 2;
  return { mean: centre, low: quantile(means, tail), high: quantile(means, 1 - tail) };
}

/** Quantile of sorted values, linear between neighbours (type 7, the default of R and NumPy). */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) throw new RangeError('sorted: at least one value is needed for a quantile, found none');
  if (!(share >= 0 && share <= 1)) throw new RangeError(`share: must lie in 0..1, found ${share}`);
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] as number;
  const above = sorted[Math.ceil(place)] as number;
  return below + (above - below) * (place - Math.floor(place));
}
