/** Rank correlation (paper, Table 4): Spearman's rho with ties by average ranks, and its p-value by permutation. */
import { seededRandom } from '#activities/random/seeded.ts';
import type { Correlation } from '#workflows/contracts/report.ts';

/** Most pairs whose permutations are all gone through: one of each condition of the paper. */
export const EXACT = 10;
/** Pairings that are drawn where there are more pairs, with conditions of one's own. */
const DRAWN = 100_000;

/** Significant digits to which values are told apart: a mean of the same answers in another order differs in the sixteenth. */
const TOLD_APART = 12;

/** The value by which numbers are compared: means that are equal but for the rounding of their sums have the same. */
export const comparable = (value: number): number => Number(value.toPrecision(TOLD_APART));

/** Ranks from 1, equal values (`comparable`) sharing the mean of theirs. @throws RangeError for a value that is not a finite number */
export function averageRanks(values: readonly number[]): number[] {
  for (const [at, value] of values.entries()) if (!Number.isFinite(value)) throw new RangeError(`values[${at}]: must be a finite number, found ${value}`);
  const compared = values.map(comparable);
  return compared.map((value) => compared.filter((other) => other < value).length + (compared.filter((other) => other === value).length + 1) / 2);
}

/**
 * Spearman's rank correlation of paired values. The p-value is the share of all n! pairings whose |rho| is at least the
 * observed one: with the six to nine rows of the paper's tables, Student's t is no good approximation. Of more than `EXACT` pairs it is
 * the share of 100,000 drawn pairings, the observed one among them; the same values give the same p.
 * @throws RangeError where the sides differ in length or a value is not finite
 */
export function spearman(x: readonly number[], y: readonly number[]): Correlation {
  if (x.length !== y.length) throw new RangeError(`y: ${x.length} values expected, as in x, found ${y.length}`);
  const n = x.length;
  // Doubled deviations from the mean rank are whole numbers: sums are exact, and ties between pairings are true ties.
  const [left, right] = [x, y].map((side) => averageRanks(side).map((rank) => Math.round(2 * rank) - (n + 1))) as [number[], number[]];
  const product = sum(left.map((value, at) => value * (right[at] as number)));
  const scale = Math.sqrt(sum(left.map((value) => value * value)) * sum(right.map((value) => value * value)));
  if (n < 2 || scale === 0) return { rho: null, p: null, n };
  // Rounding may carry a perfect match a hair beyond 1.
  return { rho: Math.max(-1, Math.min(1, product / scale)), p: n > EXACT ? drawnShareAtLeast(left, right, Math.abs(product)) : shareAtLeast(left, right, Math.abs(product)), n };
}

/** Share of the pairings of left with a permutation of right whose |sum of products| is at least `limit` (Heap's algorithm). */
function shareAtLeast(left: readonly number[], right: readonly number[], limit: number): number {
  const order = [...right];
  const n = order.length;
  const counters = new Array<number>(n).fill(0);
  let product = sum(left.map((value, at) => value * (order[at] as number)));
  let [reached, all] = [Math.abs(product) >= limit ? 1 : 0, 1];
  for (let at = 1; at < n; ) {
    const counter = counters[at] as number;
    if (counter >= at) {
      counters[at] = 0;
      at += 1;
      continue;
    }
    const other = at % 2 === 0 ? 0 : counter;
    const [a, b] = [order[at] as number, order[other] as number];
    product += ((left[at] as number) - (left[other] as number)) * (b - a);
    [order[at], order[other]] = [b, a];
    all += 1;
    if (Math.abs(product) >= limit) reached += 1;
    counters[at] = counter + 1;
    at = 1;
  }
  return reached / all;
}

/** The same of pairings that are drawn; the observed one counts as one of them, so that p is never 0. */
function drawnShareAtLeast(left: readonly number[], right: readonly number[], limit: number): number {
  const random = seededRandom('pairings', ...left, ...right);
  let reached = 1;
  for (let draw = 1; draw < DRAWN; draw += 1) {
    const order = random.shuffle(right);
    if (Math.abs(sum(left.map((value, at) => value * (order[at] as number)))) >= limit) reached += 1;
  }
  return reached / DRAWN;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
