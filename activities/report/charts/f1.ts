import type { Interval } from '#workflows/contracts/report.ts';
import { range, score } from '../format.ts';
import type { Chart } from './draw.ts';

/** Room for row names, in pixels; their width is only estimated without a DOM, so they start at the left edge of it. */
const NAMES = 140;

export interface F1Row {
  name: string;
  f1: Interval;
  tuned: boolean;
}

/** F1 of every model of a setting with its interval, in the order given. */
export function f1Chart(rows: readonly F1Row[]): Chart {
  const y = { field: 'name', type: 'nominal', sort: null, title: null, axis: { ticks: false, domain: false, labelAlign: 'left', labelPadding: NAMES, labelLimit: 0, labelColor: 'var(--ink)', labelFontSize: 12 } } as const;
  const colour = { condition: { test: 'datum.tuned', value: 'var(--accent)' }, value: 'var(--muted)' } as const;
  return {
    width: 340,
    height: { step: 26 },
    data: { values: rows.map(({ name, f1, tuned }) => ({ name, ...f1, tuned, text: `${name}: ${score(f1.mean)} (${range(f1)})`, label: score(f1.mean) })) },
    encoding: { y },
    layer: [
      {
        mark: { type: 'rule', strokeWidth: 2, opacity: 0.55 },
        encoding: {
          x: { field: 'low', type: 'quantitative', scale: { domain: [0, 1] }, title: 'F1', axis: { values: [0, 0.2, 0.4, 0.6, 0.8, 1], format: '.1f' } },
          x2: { field: 'high' },
          color: colour,
        },
      },
      {
        mark: { type: 'point', filled: true, size: 64, opacity: 1 },
        encoding: { x: { field: 'mean', type: 'quantitative' }, color: colour, description: { field: 'text' } },
      },
    ],
  };
}
