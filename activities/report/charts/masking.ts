import type { Masking } from '#workflows/contracts/results.ts';
import type { Html } from '../html.ts';
import { score } from '../format.ts';
import { draw } from './draw.ts';

/** F1 at one k: with the top heads silenced, and over the random draws. */
export interface MaskedAt {
  k: number;
  top: number | null;
  random: { mean: number; low: number; high: number; draws: number } | null;
}

/** Figure 3's values, by growing k. */
export function maskedByK({ sets }: Masking): MaskedAt[] {
  const ks = [...new Set(sets.map(({ k }) => k))].sort((a, b) => a - b);
  return ks.map((k) => {
    const random = sets.filter((set) => set.k === k && set.kind === 'random').map(({ f1 }) => f1);
    return {
      k,
      top: sets.find((set) => set.k === k && set.kind === 'top')?.f1 ?? null,
      random: random.length === 0 ? null : { mean: random.reduce((sum, f1) => sum + f1, 0) / random.length, low: Math.min(...random), high: Math.max(...random), draws: random.length },
    };
  });
}

/** Masking curve of one model (Figure 3): top heads solid, mean of the random draws dashed, each draw a dot. */
export function maskingChart(masking: Masking, highestF1: number): Promise<Html> {
  const byK = maskedByK(masking);
  const start = { k: 0, f1: masking.unmaskedF1, text: `nothing silenced: ${score(masking.unmaskedF1)}` };
  const line = (series: string, at: (masked: MaskedAt) => number | null | undefined, what: string) => [
    { ...start, series },
    ...byK.flatMap((masked) => {
      const f1 = at(masked);
      return f1 === null || f1 === undefined ? [] : [{ k: masked.k, f1, series, text: `${what} ${masked.k}: ${score(f1)}` }];
    }),
  ];
  const values = [...line('top', ({ top }) => top, 'top'), ...line('random', ({ random }) => random?.mean, 'random')];
  const draws = masking.sets.filter(({ kind }) => kind === 'random').map(({ k, f1, draw: number }) => ({ k, f1, text: `random ${k}, draw ${number ?? 0}: ${score(f1)}` }));
  const top = Math.max(0.1, Math.ceil(highestF1 * 10) / 10);
  const colour = { field: 'series', type: 'nominal', scale: { domain: ['top', 'random'], range: ['var(--accent)', 'var(--second)'] } } as const;
  return draw({
    width: 210,
    height: 150,
    data: { values },
    encoding: {
      x: { field: 'k', type: 'quantitative', title: 'heads silenced', scale: { nice: false }, axis: { values: [0, ...byK.map(({ k }) => k)], format: 'd', grid: false } },
      y: { field: 'f1', type: 'quantitative', title: 'F1', scale: { domain: [0, top], nice: false }, axis: { tickCount: 5, format: top > 0.4 ? '.1f' : '.2f' } },
    },
    layer: [
      { data: { values: draws }, mark: { type: 'point', filled: true, size: 22, color: 'var(--second)', opacity: 0.45 }, encoding: { description: { field: 'text' } } },
      { mark: { type: 'line', strokeWidth: 2 }, encoding: { color: colour, strokeDash: { field: 'series', type: 'nominal', scale: { domain: ['top', 'random'], range: [[1, 0], [5, 3]] } } } },
      { mark: { type: 'point', filled: true, size: 46, opacity: 1 }, encoding: { color: colour, description: { field: 'text' } } },
    ],
  });
}
