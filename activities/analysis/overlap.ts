/** Head overlap of candidates with the real model, with intervals over examples; the advisor's ranking. Pure. */
import { seededRandom, type SeededRandom } from '#activities/random/seeded.ts';
import type { Ranking, RankedCandidate } from '#workflows/contracts/advice.ts';
import type { Overlap } from '#workflows/contracts/agreement.ts';
import type { Interval } from '#workflows/contracts/report.ts';
import { overlapOf } from './heads.ts';
import { type Bootstrap, quantile } from './intervals.ts';

/** Scores of single examples, `[example][layer × head]` in one row: those of the task's kind, of the examples that count. */
export interface ExampleScores {
  examples: number;
  layers: number;
  heads: number;
  scores: ArrayLike<number>;
}

export interface Candidate {
  name: string;
  f1: number | null;
  /** Or why there are none. */
  scores: ExampleScores | { reason: string };
}

/** Resampling behind the advisor's intervals; each resample goes over all examples × heads of all candidates. */
export const ADVICE_RESAMPLES = 2_000;

/**
 * Ranks candidates by overlap with the real model. Intervals are percentile bootstrap intervals: in each resample the examples of
 * every candidate and of the real model are drawn anew, those of the real model once for all candidates.
 */
export function rankCandidates(setting: string, real: ExampleScores | { reason: string }, candidates: readonly Candidate[], by: Overlap, bootstrap: Bootstrap): Ranking {
  if ('reason' in real || real.examples === 0) {
    const reason = 'reason' in real ? real.reason : 'no example of the real data counts';
    return { setting, real: null, reason, candidates: candidates.map((candidate) => uncompared(candidate, `the real model has no scores: ${reason}`)) };
  }
  const size = real.layers * real.heads;
  const all = meanScores(real, null);
  const comparable = candidates.flatMap(({ name, f1, scores }) => ('reason' in scores || scores.examples === 0 || scores.layers !== real.layers || scores.heads !== real.heads ? [] : [{ name, f1, scores, overlap: overlapOf(meanScores(scores, null), all) }]));
  const samples = comparable.map(() => ({ recall: [] as number[], cosine: [] as number[] }));
  const first = comparable.map(() => 0);
  let decided = 0;
  for (let resample = 0; resample < bootstrap.resamples; resample += 1) {
    const drawnReal = meanScores(real, seededRandom('advice, real', bootstrap.seed, resample));
    const drawn = comparable.map(({ name, scores }) => overlapOf(meanScores(scores, seededRandom('advice', bootstrap.seed, name, resample)), drawnReal));
    for (const [at, { recall, cosine }] of drawn.entries()) {
      if (recall !== null) samples[at]!.recall.push(recall);
      if (cosine !== null) samples[at]!.cosine.push(cosine);
    }
    const most = Math.max(...drawn.map((one) => one[by] ?? -1));
    const winners = drawn.flatMap((one, at) => (one[by] === most ? [at] : []));
    if (winners.length > 0) decided += 1;
    for (const at of winners) first[at]! += 1 / winners.length;
  }
  const ranked = comparable.map(({ name, f1, scores, overlap }, at): RankedCandidate => {
    const interval = (kind: Overlap) => intervalOf(overlap[kind], samples[at]![kind], bootstrap.level);
    const value = overlap[by];
    const comparing = value !== null;
    return {
      name,
      f1,
      rank: comparing ? 1 + comparable.filter((other) => (other.overlap[by] ?? -1) > value).length : null,
      reason: comparing ? null : `it has no ${by} with the real model: no head scores above zero in one of them`,
      examples: scores.examples,
      positive: meanScores(scores, null).reduce((count, score) => count + (score > 0 ? 1 : 0), 0),
      heads: size,
      recall: interval('recall'),
      cosine: interval('cosine'),
      first: comparing && decided > 0 ? Math.min(1, first[at]! / decided) : null,
    };
  });
  const lacking = candidates.filter(({ name }) => !comparable.some((one) => one.name === name)).map((candidate) => uncompared(candidate, reasonOf(candidate, real)));
  const order = (one: RankedCandidate) => one.rank ?? Number.MAX_SAFE_INTEGER;
  // Of equal rank, those that the other kind of overlap puts first.
  const other = (one: RankedCandidate) => one[by === 'recall' ? 'cosine' : 'recall']?.mean ?? -1;
  return {
    setting,
    real: { examples: real.examples, positive: all.reduce((count, score) => count + (score > 0 ? 1 : 0), 0), heads: size },
    reason: null,
    candidates: [...ranked, ...lacking].sort((a, b) => order(a) - order(b) || other(b) - other(a)),
  };
}

function reasonOf({ scores }: Candidate, real: ExampleScores): string {
  if ('reason' in scores) return scores.reason;
  if (scores.examples === 0) return 'none of its examples counts';
  return `it has ${scores.layers} layers of ${scores.heads} heads, the real model ${real.layers} of ${real.heads}`;
}

const uncompared = ({ name, f1 }: Candidate, reason: string): RankedCandidate => ({ name, rank: null, reason, examples: null, positive: null, heads: null, recall: null, cosine: null, first: null, f1 });

/** Mean over the examples, or over as many drawn with replacement. */
function meanScores({ examples, layers, heads, scores }: ExampleScores, random: SeededRandom | null): Float64Array {
  const size = layers * heads;
  const means = new Float64Array(size);
  for (let draw = 0; draw < examples; draw += 1) {
    const from = (random === null ? draw : random.int(examples)) * size;
    for (let at = 0; at < size; at += 1) means[at]! += scores[from + at] as number;
  }
  for (let at = 0; at < size; at += 1) means[at]! /= examples;
  return means;
}

function intervalOf(value: number | null, samples: readonly number[], level: number): Interval | null {
  if (value === null || samples.length === 0) return null;
  const sorted = Float64Array.from(samples).sort();
  const tail = (1 - level) / 2;
  return { mean: value, low: quantile(sorted, tail), high: quantile(sorted, 1 - tail) };
}
