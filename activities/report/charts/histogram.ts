import { count } from '../format.ts';
import type { Chart } from './draw.ts';

export interface Bins {
  counts: readonly number[];
  low: number;
  high: number;
  /** What is counted, for the text that shows on hover: "needles", "examples". */
  noun: string;
  title: string;
  format: string;
}

/** Counts by equal bins from `low` to `high`. */
export function histogram({ counts, low, high, noun, title, format }: Bins): Chart {
  const width = (high - low) / counts.length || 1;
  const start = high > low ? low : low - counts.length * width;
  const values = counts.map((value, at) => ({ from: start + at * width, to: start + (at + 1) * width, value, text: `${count(value)} ${noun}` }));
  return {
    width: 150,
    height: 70,
    data: { values },
    mark: { type: 'bar', color: 'var(--accent)', binSpacing: 1 },
    encoding: {
      x: { field: 'from', type: 'quantitative', bin: 'binned', title, scale: { domain: [start, start + counts.length * width], nice: false }, axis: { tickCount: 3, format, grid: false } },
      x2: { field: 'to' },
      y: { field: 'value', type: 'quantitative', title: noun, axis: { tickCount: 3, format: ',d' } },
      description: { field: 'text' },
    },
  };
}
