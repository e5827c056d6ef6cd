import type { SeededRandom } from '#activities/random/seeded.ts';

/** One of `items`, each with equal chance. */
export function choice<T>(random: SeededRandom, items: readonly T[]): T {
  return items[random.int(items.length)] as T;
}
