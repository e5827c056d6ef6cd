import type { Masking } from '#workflows/contracts/results.ts';
import { score } from '../format.ts';
import type { Chart } from './draw.ts';

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

/** What the two lines are called in keys. */
export const MASKED_NAMES = { top: 'highest-scoring heads', random: 'random heads: mean, range and each draw' } as const;

/** Masking curve of one model (Figure 3): top heads solid, mean of the random draws dashed in the range of the draws, each draw a dot. */
export function maskingChart(masking: Masking, highestF1: number): Chart {
  const byK = maskedByK(masking);
  const start = { k: 0, f1: masking.unmaskedF1, text: `nothing silenced: ${score(masking.unmaskedF1)}` };
  const line = (series: keyof typeof MASKED_NAMES, at: (masked: MaskedAt) => number | null | undefined, what: string) => [
    { ...start, series: MASKED_NAMES[series] },
    ...byK.flatMap((masked) => {
      const f1 = at(masked);
      return f1 === null || f1 === undefined ? [] : [{ k: masked.k, f1, series: MASKED_NAMES[series], text: `${what} ${masked.k}: ${score(f1)}` }];
    }),
  ];
  const values = [...line('top', ({ top }) => top, 'top'), ...line('random', ({ random }) => random?.mean, 'random')];
  const draws = masking.sets.filter(({ kind }) => kind === 'random').map(({ k, f1, draw: number }) => ({ k, f1, text: `random ${k}, draw ${number ?? 0}: ${score(f1)}` }));
  const spread = [{ k: 0, low: masking.unmaskedF1, high: masking.unmaskedF1 }, ...byK.flatMap(({ k, random }) => (random ? [{ k, low: random.low, high: random.high }] : []))];
  const top = Math.max(0.1, Math.ceil(highestF1 * 10) / 10);
  const domain = Object.values(MASKED_NAMES);
  const colour = { field: 'series', type: 'nominal', scale: { domain, range: ['var(--accent)', 'var(--second)'] } } as const;
  return {
    width: 210,
    height: 150,
    data: { values },
    encoding: {
      x: { field: 'k', type: 'quantitative', title: 'heads silenced', scale: { nice: false }, axis: { values: [0, ...byK.map(({ k }) => k)], format: 'd', grid: false } },
      y: { field: 'f1', type: 'quantitative', title: 'F1', scale: { domain: [0, top], nice: false }, axis: { tickCount: 5, format: top > 0.4 ? '.1f' : '.2f' } },
    },
    layer: [
      { data: { values: spread }, mark: { type: 'area', color: 'var(--second)', opacity: 0.14 }, encoding: { y: { field: 'low', type: 'quantitative', title: 'F1' }, y2: { field: 'high' } } },
      { data: { values: draws }, mark: { type: 'point', filled: true, size: 22, color: 'var(--second)', opacity: 0.45 }, encoding: { description: { field: 'text' } } },
      { mark: { type: 'line', strokeWidth: 2 }, encoding: { color: colour, strokeDash: { field: 'series', type: 'nominal', scale: { domain, range: [[1, 0], [5, 3]] } } } },
      { mark: { type: 'point', filled: true, size: 46, opacity: 1 }, encoding: { color: colour, description: { field: 'text' } } },
    ],
  };
}
