import type { Head } from '#workflows/contracts/experiment.ts';
import type { Patching } from '#workflows/contracts/results.ts';
import type { PatchSpec } from '#workflows/contracts/spec.ts';
import { randomHeads, retrievalHeads, type ScoreMatrix } from '../analysis/index.ts';
import { seededRandom } from '../random/seeded.ts';

export type HeadSet = Omit<Patching['sets'][number], 'f1'>;
export type HeadSets = Pick<Patching, 'n' | 'candidates' | 'skipped'> & { sets: HeadSet[] };

/**
 * The sets of heads to patch (paper, section 5): of the heads that score on real data and those that score on the synthetic
 * data, complement and intersection, and as control random heads; N = min(|complement|, |intersection|) of each. With an N of
 * 0 there are none, and the reasons. @throws RangeError where the matrices differ in shape
 */
export function headSets(real: ScoreMatrix, synthetic: ScoreMatrix, { complement: kind, choice, randomDraws }: PatchSpec, seed: number): HeadSets {
  const [layers, heads] = [real.length, real[0]?.length ?? 0];
  if (synthetic.length !== layers || synthetic[0]?.length !== heads) {
    throw new RangeError(`scores: those of one base expected, found ${layers} × ${heads} (real) and ${synthetic.length} × ${synthetic[0]?.length ?? 0} heads`);
  }
  const name = ([layer, head]: Head) => layer * heads + head;
  const [ofReal, ofSynthetic] = [retrievalHeads(real), retrievalHeads(synthetic)];
  const [inReal, inSynthetic] = [new Set(ofReal.map(name)), new Set(ofSynthetic.map(name))];
  const intersection = ofReal.filter((head) => inSynthetic.has(name(head)));
  // By real score; those that score on the synthetic data only have none, and follow by their score there.
  const complement = [...ofReal.filter((head) => !inSynthetic.has(name(head))), ...(kind === 'symmetric' ? ofSynthetic.filter((head) => !inReal.has(name(head))) : [])];
  const n = Math.min(complement.length, intersection.length);
  const candidates = { complement: complement.length, intersection: intersection.length };
  if (n === 0) return { n, candidates, sets: [], skipped: reasonsOf(candidates) };

  const chosen = (from: 'complement' | 'intersection', all: Head[]): HeadSet => ({
    id: from,
    kind: from,
    draw: null,
    heads: choice === 'highest' ? all.slice(0, n) : seededRandom('patched-heads', seed, from).sample(all, n).sort((a, b) => name(a) - name(b)),
  });
  const random = Array.from({ length: randomDraws }, (_, draw): HeadSet => ({
    id: `random-draw-${draw}`,
    kind: 'random',
    draw,
    heads: randomHeads({ layers, heads, exclude: [], excludeLayers: [], k: n, seed, draw }),
  }));
  return { n, candidates, sets: [chosen('complement', complement), chosen('intersection', intersection), ...random], skipped: [] };
}

/** Why nothing can be patched: which sets are empty, and what that leaves of the others. */
function reasonsOf(candidates: Patching['candidates']): Patching['skipped'] {
  const empty = (['complement', 'intersection'] as const).filter((kind) => candidates[kind] === 0);
  const why = `the ${empty.join(' and the ')} of real and synthetic heads ${empty.length === 1 ? 'is' : 'are'} empty`;
  return (['complement', 'intersection', 'random'] as const).map((kind) => ({
    kind,
    reason: empty.some((one) => one === kind) ? `the ${kind} of real and synthetic heads is empty` : `no set of equal size: ${why}`,
  }));
}
