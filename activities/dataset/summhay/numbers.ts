import type { SeededRandom } from '#activities/random/seeded.ts';

/** Documents are numbered from 1 to this (the paper's example cites [24] and [27] among ten). */
export const HIGHEST_NUMBER = 100;

/** How many documents a context has, and how they are numbered. */
export interface Haystack {
  documents: number;
  highestNumber: number;
}

/** Numbers from 1 to the highest for the documents of a context, none twice, in random order. */
export function documentNumbers(random: SeededRandom, { documents, highestNumber }: Haystack): number[] {
  return random.sample(Array.from({ length: highestNumber }, (_, at) => at + 1), documents);
}

/** "[24][27]": the cited numbers in ascending order (prompt B.2). */
export function citation(numbers: readonly number[]): string {
  return [...numbers].sort((a, b) => a - b).map((number) => `[${number}]`).join('');
}
