import type { LossPoint } from '#workflows/contracts/report.ts';
import type { Chart } from './draw.ts';

/** Most points that one curve draws; a longer one is averaged over equal stretches of steps. */
const POINTS = 300;
/** Width of the running mean, in points drawn. */
const SMOOTHING = 9;

/** The curve with at most `limit` points, each the mean of its stretch. */
export function thinned(points: readonly LossPoint[], limit = POINTS): LossPoint[] {
  const stretch = Math.ceil(points.length / limit);
  // Copies: Vega marks the very objects it is given.
  if (stretch <= 1) return points.map(({ step, loss }) => ({ step, loss }));
  return Array.from({ length: Math.ceil(points.length / stretch) }, (_, at) => {
    const part = points.slice(at * stretch, (at + 1) * stretch);
    return { step: (part.at(-1) as LossPoint).step, loss: part.reduce((sum, { loss }) => sum + loss, 0) / part.length };
  });
}

/** Training loss by optimiser step: as logged (faint) and its running mean; curves drawn side by side share `highest`. */
export function lossChart(points: readonly LossPoint[], highest: number): Chart {
  const x = { field: 'step', type: 'quantitative', title: 'optimiser step', scale: { nice: false }, axis: { tickCount: 4, grid: false, format: ',d' } } as const;
  const scale = { domain: [0, highest || 1] as [number, number], nice: true };
  return {
    width: 210,
    height: 130,
    data: { values: thinned(points) },
    transform: [{ window: [{ op: 'mean', field: 'loss', as: 'smooth' }], frame: [-(SMOOTHING - 1) / 2, (SMOOTHING - 1) / 2] }],
    encoding: { x },
    layer: [
      { mark: { type: 'line', strokeWidth: 1, color: 'var(--second)', opacity: 0.4 }, encoding: { y: { field: 'loss', type: 'quantitative', title: 'loss', scale, axis: { tickCount: 4 } } } },
      { mark: { type: 'line', strokeWidth: 2, color: 'var(--accent)' }, encoding: { y: { field: 'smooth', type: 'quantitative', title: 'loss', scale } } },
    ],
  };
}
