import { count, score } from '../format.ts';
import type { Chart } from './draw.ts';

/** Kinds of training data, told apart by colour, in the order of the key. */
export const SCATTERED = [
  { kind: 'real', name: 'real data', colour: 'ink' },
  { kind: 'limited', name: 'limited real data', colour: 'second' },
  { kind: 'synthetic', name: 'synthetic data', colour: 'accent' },
] as const;

export interface ScatterPoint {
  name: string;
  kind: (typeof SCATTERED)[number]['kind'];
  cosine: number;
  f1: number;
}

const WIDTH = 220;
const HEIGHT = 190;
/** Labels stand in a column beside the drawing, so far from its right edge and from each other. */
const GAP = 14;
const LINE = 13;
/** Ends of axes are multiples of this, at most so many of them. */
const STEP = 0.05;
const MOST = 20;

/** Cosine of head scores with the real-data model's against F1 on the real test split (Figures 4 and 11): one labelled point per model. */
export function scatterChart(points: readonly ScatterPoint[]): Chart {
  const x = domain(points.map(({ cosine }) => cosine));
  const y = domain(points.map(({ f1 }) => f1));
  const toPixel = (f1: number) => HEIGHT * (1 - (f1 - y[0]) / (y[1] - y[0]));
  const places = spread(points.map(({ f1 }) => toPixel(f1)), LINE, HEIGHT);
  const values = points.map(({ name, kind, cosine, f1 }, at) => ({
    name,
    kind: SCATTERED.find((each) => each.kind === kind)?.name,
    cosine,
    f1,
    label: y[0] + (1 - (places[at] as number) / HEIGHT) * (y[1] - y[0]),
    text: `${name}: cosine ${score(cosine)}, F1 ${score(f1)}`,
  }));
  const exactly = (ends: [number, number]) => ({ domain: ends, nice: false });
  const across = { field: 'cosine', type: 'quantitative', title: 'cosine of head scores with real data', scale: exactly(x), axis: ticks(x, 4) } as const;
  const up = { field: 'f1', type: 'quantitative', title: 'F1', scale: exactly(y), axis: ticks(y, 6) } as const;
  const label = { field: 'label', type: 'quantitative', title: 'F1' } as const;
  return {
    width: WIDTH,
    height: HEIGHT,
    data: { values },
    layer: [
      { mark: { type: 'rule', color: 'var(--rule)' }, encoding: { x: across, y: up, x2: { value: WIDTH + GAP - 3 }, y2: { field: 'label' } } },
      {
        mark: { type: 'point', filled: true, size: 60, opacity: 1 },
        encoding: { x: across, y: up, color: { field: 'kind', type: 'nominal', scale: { domain: SCATTERED.map(({ name }) => name), range: SCATTERED.map(({ colour }) => `var(--${colour})`) } }, description: { field: 'text' } },
      },
      { mark: { type: 'text', align: 'left', baseline: 'middle', fontSize: 11, color: 'var(--ink)' }, encoding: { x: { value: WIDTH + GAP }, y: label, text: { field: 'name' } } },
    ],
  };
}

/** "Spearman 0.83 (p = 0.01, n = 8)". */
export function spearmanText({ rho, p, n }: { rho: number | null; p: number | null; n: number }): string {
  if (rho === null) return `no rank correlation (n = ${count(n)})`;
  const certainty = p === null ? '' : `${p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`}, `;
  return `Spearman ${score(rho)} (${certainty}n = ${count(n)})`;
}

/** Ends of an axis around values, at least two steps apart and never beyond 0 and 1 where the values are not. */
export function domain(values: readonly number[]): [number, number] {
  let low = Math.floor((Math.min(...values) + 1e-9) / STEP);
  let high = Math.ceil((Math.max(...values) - 1e-9) / STEP);
  while (high - low < 2) {
    if (high >= MOST || (low > 0 && low === high)) low -= 1;
    else high += 1;
  }
  const end = (step: number) => Number((step * STEP).toFixed(2));
  return [end(low), end(high)];
}

/** Ticks at multiples of one step, and the digits that tell them apart. */
function ticks([low, high]: readonly [number, number], most: number): { values: number[]; format: string } {
  const every = [1, 2, 4, 10].find((steps) => (high - low) / (steps * STEP) <= most - 1 + 1e-6) ?? 20;
  const [first, last] = [Math.ceil(low / STEP / every - 1e-9), Math.floor(high / STEP / every + 1e-9)];
  return { values: Array.from({ length: last - first + 1 }, (_, at) => Number(((first + at) * every * STEP).toFixed(2))), format: every % 2 === 0 ? '.1f' : '.2f' };
}

/**
 * Places as near as may be to the wished ones, in their order, at least `gap` apart and within 0..`length` where that suffices
 * for all of them. Equal wishes keep the order they came in.
 */
export function spread(wished: readonly number[], gap: number, length: number): number[] {
  const order = wished.map((place, at) => ({ place, at })).sort((a, b) => a.place - b.place || a.at - b.at);
  const room = Math.max(length, (order.length - 1) * gap);
  const places: number[] = [];
  for (const [rank, { place }] of order.entries()) places.push(Math.max(place, rank === 0 ? 0 : (places[rank - 1] as number) + gap));
  for (let rank = places.length - 1; rank >= 0; rank -= 1) places[rank] = Math.min(places[rank] as number, rank === places.length - 1 ? room : (places[rank + 1] as number) - gap);
  const found = new Array<number>(wished.length);
  for (const [rank, { at }] of order.entries()) found[at] = places[rank] as number;
  return found;
}
