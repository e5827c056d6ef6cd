import type { ScoreMatrix } from '#activities/analysis/index.ts';
import type { Chart } from './draw.ts';
import { differenceScale, positive, type Scale, scoreScale, shadeAt } from './shades.ts';

/** One drawn head: its place in the scale, and what is said of it on hover. */
interface Square {
  shade: number;
  text: string;
}

/** Layer × head heatmap as in Figure 1: shades are equal steps from 0 to `highest`. */
export function heatmap(matrix: ScoreMatrix, highest: number): Chart {
  const scale = scoreScale(highest);
  return squares(scale, matrix.map((row) => row.map((value) => ({ shade: shadeAt(value, scale), text: positive(value) }))));
}

/** Layer × head heatmap of how much more each head scores in `first` than in `second`; shades reach from −`widest` to `widest`. */
export function differenceMap(first: ScoreMatrix, second: ScoreMatrix, widest: number): Chart {
  const scale = differenceScale(widest);
  return squares(scale, paired(first, second, (one, other) => ({ shade: shadeAt(one - other, scale), text: differenceText(one, other) })));
}

/** Which heads score above zero in both, in one only, or in none: intersection and complement (paper, section 5). */
export const OVERLAP: Scale = {
  bounds: [1, 2, 3],
  shades: [
    { colour: 'level', name: 'neither' },
    { colour: 'more-3', name: 'the first only' },
    { colour: 'less-3', name: 'the second only' },
    { colour: 'ink', name: 'both' },
  ],
};

/** Layer × head map of the heads that two models have in common, and of those that one has alone. */
export function overlapMap(first: ScoreMatrix, second: ScoreMatrix): Chart {
  return squares(OVERLAP, paired(first, second, (one, other) => {
    const shade = overlapAt(one, other);
    return { shade, text: OVERLAP.shades[shade]?.name as string };
  }));
}

/** Place in `OVERLAP`. */
export const overlapAt = (one: number, other: number): number => Number(one > 0) + 2 * Number(other > 0);

/** "+0.12: 0.40 and 0.28": what is said of a head in two models. */
export const differenceText = (one: number, other: number): string => `${signed(one - other)} (${positive(one)} and ${positive(other)})`;

const signed = (value: number): string => `${value > 0 ? '+' : value < 0 ? '−' : ''}${positive(Math.abs(value))}`;

function paired(first: ScoreMatrix, second: ScoreMatrix, square: (one: number, other: number) => Square): Square[][] {
  return first.map((row, layer) => row.map((one, head) => square(one, second[layer]?.[head] as number)));
}

/** Squares are drawn layer by layer, head by head: the page's scripts count on it. */
function squares({ shades }: Scale, rows: readonly (readonly Square[])[]): Chart {
  const layers = rows.length;
  const heads = rows[0]?.length ?? 0;
  const size = Math.max(6, Math.min(26, Math.floor(260 / Math.max(heads, 1))));
  const axis = (length: number) => {
    const step = [1, 2, 4, 8, 16, 32].find((candidate) => length / candidate <= 12) ?? 64;
    return { values: Array.from({ length: Math.ceil(length / step) }, (_, at) => at * step), labelAngle: 0, ticks: false, domain: false };
  };
  return {
    width: { step: size },
    height: { step: size },
    data: { values: rows.flatMap((row, layer) => row.map(({ shade, text }, head) => ({ layer, head, shade: shades[shade]?.name, text: `layer ${layer}, head ${head}: ${text}` }))) },
    mark: { type: 'rect', stroke: 'var(--page)', strokeWidth: size > 12 ? 2 : 1 },
    encoding: {
      x: { field: 'head', type: 'ordinal', title: 'head', axis: axis(heads) },
      y: { field: 'layer', type: 'ordinal', title: 'layer', sort: 'descending', axis: axis(layers) },
      color: { field: 'shade', type: 'ordinal', scale: { domain: shades.map(({ name }) => name), range: shades.map(({ colour }) => `var(--${colour})`) } },
      description: { field: 'text' },
    },
  };
}
