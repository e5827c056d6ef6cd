/** Which of a few shades a score or a difference of scores has: steps of equal size, and a shade of its own for zero. */
import type { ScoreMatrix } from '#activities/analysis/index.ts';
import type { Colour } from '../palette.ts';

export { positive } from '../page/numbers.js';

/** Shades in order of value. */
export interface Scale {
  /** Rising. A value has the shade behind the last bound that does not exceed it. */
  bounds: readonly number[];
  /** One more than bounds. */
  shades: readonly { colour: Colour; name: string }[];
}

/** Shades for positive scores; the one for zero stands apart, since a head counts from just above zero. */
const SCORES = ['heat-1', 'heat-2', 'heat-3', 'heat-4', 'heat-5', 'heat-6'] as const;
/** Shades for differences of either sign, growing. */
const LESS = ['less-1', 'less-2', 'less-3', 'less-4'] as const;
const MORE = ['more-1', 'more-2', 'more-3', 'more-4'] as const;

/** Highest value over matrices that share a scale; 0 where none is positive. */
export function highestScore(matrices: readonly ScoreMatrix[]): number {
  return matrices.flat(2).reduce((highest, value) => Math.max(highest, value), 0);
}

/** Widest difference of any head between any two of the matrices, which have the same shape. */
export function widestDifference(matrices: readonly ScoreMatrix[]): number {
  const [first = []] = matrices;
  return first.reduce((widest, row, layer) => row.reduce((within, _, head) => {
    const values = matrices.map((matrix) => matrix[layer]?.[head] ?? 0);
    return Math.max(within, Math.max(...values) - Math.min(...values));
  }, widest), 0);
}

/** Scores from 0 to `highest`. */
export function scoreScale(highest: number): Scale {
  const { edges, names } = steps(highest, SCORES.length);
  return {
    bounds: [Number.MIN_VALUE, ...edges],
    shades: [{ colour: 'heat-0', name: '0' }, ...SCORES.map((colour, at) => ({ colour, name: `${at === 0 ? '> 0' : names[at]} to ${names[at + 1]}` }))],
  };
}

/** Differences from −`widest` to `widest`. */
export function differenceScale(widest: number): Scale {
  const { edges, names } = steps(widest, MORE.length);
  return {
    bounds: [...edges.map((edge) => -edge).reverse(), 0, Number.MIN_VALUE, ...edges],
    shades: [
      ...LESS.map((colour, at) => ({ colour, name: `−${names[at + 1]} to ${at === 0 ? '< 0' : `−${names[at]}`}` })).reverse(),
      { colour: 'level', name: '0' },
      ...MORE.map((colour, at) => ({ colour, name: `${at === 0 ? '> 0' : names[at]} to ${names[at + 1]}` })),
    ],
  };
}

/** Place of a value's shade in the scale. */
export function shadeAt(value: number, { bounds }: Scale): number {
  const above = bounds.findIndex((bound) => value < bound);
  return above === -1 ? bounds.length : above;
}

/** Edges between equal steps from 0 to `highest`, and all of them, both ends included, in as many digits as tell them apart. */
function steps(highest: number, count: number): { edges: number[]; names: string[] } {
  const step = (highest || 1) / count;
  const digits = Math.max(2, Math.ceil(-Math.log10(step)));
  const all = Array.from({ length: count + 1 }, (_, at) => at * step);
  return { edges: all.slice(1, -1), names: all.map((edge) => edge.toFixed(digits)) };
}
