import type { SeededRandom } from '#activities/random/seeded.ts';
import { DOCUMENTS } from '#activities/source/index.ts';

/** Documents are numbered from 1 to this (the paper's example cites [24] and [27] among ten). */
const HIGHEST = 100;

/** Numbers for the ten documents of a context, none twice, in random order. */
export function documentNumbers(random: SeededRandom): number[] {
  return random.sample(Array.from({ length: HIGHEST }, (_, at) => at + 1), DOCUMENTS);
}

/** "[24][27]": the cited numbers in ascending order (prompt B.2). */
export function citation(numbers: readonly number[]): string {
  return [...numbers].sort((a, b) => a - b).map((number) => `[${number}]`).join('');
}
