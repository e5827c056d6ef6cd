/** Which fault comes next, and when: drawn from a seed. */
import type { SeededRandom } from '#activities/random/seeded.ts';
import type { FaultClass } from './classes.ts';

/** Only at its beginning does a sweep ask an LLM. */
const WEIGHT: Partial<Record<FaultClass, number>> = { llm: 4 };

/** Faults may be ahead of the sweep by this share. */
const AHEAD = 0.15;

/** A class of those that apply now, rather one that there were few of. Null where none applies. Pure, save for `random`. */
export function nextClass(random: SeededRandom, counts: Readonly<Record<string, number>>, applicable: readonly FaultClass[]): FaultClass | null {
  const weights = applicable.map((name) => (WEIGHT[name] ?? 1) / (1 + (counts[name] ?? 0)) ** 2);
  let drawn = random.float() * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [at, name] of applicable.entries()) {
    drawn -= weights[at]!;
    if (drawn < 0) return name;
  }
  return applicable.at(-1) ?? null;
}

/** Milliseconds until the next fault: 3 to 12 s, so that faults and sweep come to their ends together; `faults` and `stages` are the shares that are done. */
export function nextGap(random: SeededRandom, { faults, stages }: { faults: number; stages: number }): number {
  const usual = 3_000 + 9_000 * random.float();
  if (stages > faults) return usual / 4;
  return faults > stages + AHEAD ? 2 * usual : usual;
}
