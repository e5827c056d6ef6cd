import type { HeadScores, Masking } from '#workflows/contracts/results.ts';
import type { MaskSpec } from '#workflows/contracts/spec.ts';
import { randomHeads, topHeads } from '../analysis/index.ts';

export type HeadSet = Omit<Masking['sets'][number], 'f1'>;

/**
 * The sets of heads to silence: for every k the top-k heads and, as control, k random others in seeded draws (paper,
 * section 4.2). A k for which there are too few heads is skipped, with the reason.
 */
export function headSets(
  matrix: HeadScores['retrieval'],
  { k: ks, randomDraws, randomExcludesLayers }: MaskSpec,
  seed: number,
): { sets: HeadSet[]; skipped: Masking['skipped'] } {
  const sets: HeadSet[] = [];
  const skipped: Masking['skipped'] = [];
  const layers = matrix.length;
  const heads = matrix[0]?.length ?? 0;
  for (const k of ks) {
    try {
      const top = topHeads(matrix, k);
      const random = Array.from({ length: randomDraws }, (_, draw): HeadSet => ({
        id: `random-${k}-draw-${draw}`,
        kind: 'random',
        k,
        draw,
        heads: randomHeads({ layers, heads, exclude: top, excludeLayers: randomExcludesLayers, k, seed, draw }),
      }));
      sets.push({ id: `top-${k}`, kind: 'top', k, draw: null, heads: top }, ...random);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      skipped.push({ k, reason: error.message });
    }
  }
  return { sets, skipped };
}
