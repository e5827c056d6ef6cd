import type { Html } from '../html.ts';
import { score } from '../format.ts';
import { draw } from './draw.ts';

/** Shades for positive scores; shade 0 is kept for heads that score nothing, since a head counts from just above zero. */
export const SHADES = 6;

/** Highest score over matrices that share a scale; 0 where all are zero. */
export function highestScore(matrices: readonly (readonly (readonly number[])[])[]): number {
  return matrices.flat(2).reduce((highest, value) => Math.max(highest, value), 0);
}

/** Layer × head heatmap as in Figure 1: shades are equal steps from 0 to `highest`. */
export function heatmap(matrix: readonly (readonly number[])[], highest: number): Promise<Html> {
  const layers = matrix.length;
  const heads = matrix[0]?.length ?? 0;
  const cell = Math.max(6, Math.min(26, Math.floor(260 / Math.max(heads, 1))));
  const axis = (length: number) => {
    const step = [1, 2, 4, 8, 16, 32].find((candidate) => length / candidate <= 12) ?? 64;
    return { values: Array.from({ length: Math.ceil(length / step) }, (_, at) => at * step), labelAngle: 0, ticks: false, domain: false };
  };
  const bounds = [Number.MIN_VALUE, ...Array.from({ length: SHADES - 1 }, (_, at) => ((at + 1) / SHADES) * (highest || 1))];
  return draw({
    width: { step: cell },
    height: { step: cell },
    data: {
      values: matrix.flatMap((row, layer) => row.map((value, head) => ({ layer, head, value, text: `layer ${layer}, head ${head}: ${positive(value)}` }))),
    },
    mark: { type: 'rect', stroke: 'var(--page)', strokeWidth: cell > 12 ? 2 : 1 },
    encoding: {
      x: { field: 'head', type: 'ordinal', title: 'head', axis: axis(heads) },
      y: { field: 'layer', type: 'ordinal', title: 'layer', sort: 'descending', axis: axis(layers) },
      color: {
        field: 'value',
        type: 'quantitative',
        scale: { type: 'threshold', domain: bounds, range: Array.from({ length: SHADES + 1 }, (_, at) => `var(--heat-${at})`) },
      },
      description: { field: 'text' },
    },
  });
}

/** A positive score never reads as zero. */
export function positive(value: number): string {
  return value > 0 && value < 0.005 ? '< 0.01' : score(value);
}
