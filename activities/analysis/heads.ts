/** Which heads retrieve, and how alike two models' heads are (paper, sections 4.1–4.3 and appendix E). */
import { seededRandom } from '#activities/random/seeded.ts';
import type { Overlap } from '#workflows/contracts/agreement.ts';
import type { Head, Task } from '#workflows/contracts/experiment.ts';
import { ownTask } from '#workflows/tasks/lookup.ts';

/** Mean scores of heads, `[layer][head]`. */
export type ScoreMatrix = readonly (readonly number[])[];

/** The score that makes a head count in a task: Eq. 1, but Eq. 2 for SummHay Citation (paper, section 4.1). */
export function scoreKind(task: Task): 'retrieval' | 'insight' {
  return ownTask(task)?.heads ?? (task === 'summhay' ? 'insight' : 'retrieval');
}

/**
 * All heads with a positive score (the paper's retrieval heads, section 4.1), highest score first; equal scores by layer,
 * then head. @throws RangeError for a ragged matrix or a score that is negative or not a number
 */
export function retrievalHeads(matrix: ScoreMatrix): Head[] {
  flatten(matrix);
  const scored = matrix.flatMap((row, layer) => row.map((score, head) => ({ at: [layer, head] as Head, score })));
  return scored
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || a.at[0] - b.at[0] || a.at[1] - b.at[1])
    .map(({ at }) => at);
}

/**
 * The k heads of highest score (paper, section 4.2), ordered as in `retrievalHeads`. Heads that score zero never fill up:
 * which of them came first would be an accident of numbering.
 * @throws RangeError where fewer than k heads have a positive score
 */
export function topHeads(matrix: ScoreMatrix, k: number): Head[] {
  const positive = retrievalHeads(matrix);
  if (!Number.isInteger(k) || k < 1) throw new RangeError(`k: must be a positive integer, found ${k}`);
  if (k > positive.length) throw new RangeError(`k: ${k} heads were asked for, but only ${positive.length} have a positive score`);
  return positive.slice(0, k);
}

/**
 * Recall |row ∩ column| / |column| of the heads with a positive score, the pairwise recall of Tables 5–10 and 14–16; null where the
 * column has none. @throws RangeError where the shapes differ
 */
export function recall(row: ScoreMatrix, column: ScoreMatrix): number | null {
  return overlapOf(...vectors(row, column)).recall;
}

/**
 * Cosine of two score matrices as vectors over layers × heads, heads matched by index (Figure 4, Table 2); null where
 * either is all zero. @throws RangeError where the shapes differ
 */
export function cosine(a: ScoreMatrix, b: ScoreMatrix): number | null {
  return overlapOf(...vectors(a, b)).cosine;
}

/** Both at once, of score vectors of the same length: what a bootstrap asks for thousands of times. */
export function overlapOf(row: ArrayLike<number>, column: ArrayLike<number>): Record<Overlap, number | null> {
  let [both, ofColumn, dot, left, right] = [0, 0, 0, 0, 0];
  for (let at = 0; at < column.length; at += 1) {
    const [x, y] = [row[at] as number, column[at] as number];
    if (y > 0) ofColumn += 1;
    if (y > 0 && x > 0) both += 1;
    dot += x * y;
    left += x * x;
    right += y * y;
  }
  // Rounding may carry a perfect match a hair above 1.
  return { recall: ofColumn === 0 ? null : both / ofColumn, cosine: left === 0 || right === 0 ? null : Math.min(1, dot / Math.sqrt(left) / Math.sqrt(right)) };
}

function vectors(a: ScoreMatrix, b: ScoreMatrix): [number[], number[]] {
  const [left, right] = [flatten(a), flatten(b)];
  if (a.length !== b.length || left.length !== right.length) throw new RangeError(`matrices: must have the same shape, found ${shape(a)} and ${shape(b)}`);
  return [left, right];
}

export interface RandomHeadsInput {
  layers: number;
  heads: number;
  /** Heads that must not be drawn: the top k they are compared with. */
  exclude: readonly Head[];
  /** Layers that must not be drawn from, e.g. those of the previous-token heads. */
  excludeLayers: readonly number[];
  k: number;
  seed: number;
  /** Which of the repeated draws (0, 1, 2, …). */
  draw: number;
}

/**
 * k heads at random, the control of Figure 3, in order of layer and head. The same seed and draw always give the same.
 * @throws RangeError where fewer than k heads are left to draw from
 */
export function randomHeads({ layers, heads, exclude, excludeLayers, k, seed, draw }: RandomHeadsInput): Head[] {
  const excluded = new Set(exclude.map(([layer, head]) => layer * heads + head));
  const pool: Head[] = [];
  for (let layer = 0; layer < layers; layer++) {
    if (excludeLayers.includes(layer)) continue;
    for (let head = 0; head < heads; head++) if (!excluded.has(layer * heads + head)) pool.push([layer, head]);
  }
  if (!Number.isInteger(k) || k < 1) throw new RangeError(`k: must be a positive integer, found ${k}`);
  if (k > pool.length) throw new RangeError(`k: ${k} random heads were asked for, but only ${pool.length} are left to draw from`);
  return seededRandom('random-heads', seed, draw, k)
    .sample(pool, k)
    .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
}

function flatten(matrix: ScoreMatrix): number[] {
  const width = matrix[0]?.length ?? 0;
  if (width === 0) throw new RangeError('matrix: must have at least one layer and one head, found none');
  for (const [layer, row] of matrix.entries()) {
    if (row.length !== width) throw new RangeError(`matrix[${layer}]: ${width} heads expected, as in layer 0, found ${row.length}`);
    for (const [head, score] of row.entries()) {
      if (!(score >= 0 && Number.isFinite(score))) throw new RangeError(`matrix[${layer}][${head}]: score must be a number ≥ 0, found ${score}`);
    }
  }
  return matrix.flat();
}

const shape = (matrix: ScoreMatrix) => `${matrix.length} × ${matrix[0]?.length ?? 0}`;
