/**
 * Seeded random numbers: the only source of chance in the TypeScript half of the project.
 * A generator is named by parts ("bootstrap", seed, "mdqa", …); the same parts give the same numbers on every
 * machine, and generators with different parts are independent, so that drawing more in one place never shifts
 * what another place draws.
 */
import { createHash } from 'node:crypto';

export interface SeededRandom {
  /** Uniform in [0, 1), 53 bits. */
  float(): number;
  /** Uniform integer in 0..n−1, without modulo bias. RangeError unless 1 ≤ n ≤ 2^32. */
  int(n: number): number;
  /** New array: the items in a uniformly random order. */
  shuffle<T>(items: readonly T[]): T[];
  /** `k` items without replacement, in random order. RangeError unless 0 ≤ k ≤ items.length. */
  sample<T>(items: readonly T[], k: number): T[];
}

/** Generator for a name: SHA-256 of the parts (as JSON, so that ["a", 1] differs from ["a1"]) seeds sfc32. */
export function seededRandom(...parts: (string | number)[]): SeededRandom {
  for (const part of parts) {
    if (typeof part === 'number' && !Number.isFinite(part)) throw new RangeError(`seed part must be finite, found ${part}`);
  }
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest();
  const next = sfc32(digest.readUInt32LE(0), digest.readUInt32LE(4), digest.readUInt32LE(8), digest.readUInt32LE(12));

  const int = (n: number): number => {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32) throw new RangeError(`int(n): n must be an integer in 1..2^32, found ${n}`);
    for (;;) {
      const drawn = next();
      const rest = drawn % n;
      // The last stretch of n values is incomplete unless n divides 2^32: drawing from it would favour small numbers.
      if (drawn - rest + n <= 2 ** 32) return rest;
    }
  };
  const sample = <T>(items: readonly T[], k: number): T[] => {
    if (!Number.isInteger(k) || k < 0 || k > items.length) {
      throw new RangeError(`sample(items, k): k must be an integer in 0..${items.length}, found ${k}`);
    }
    const rest = [...items];
    for (let i = 0; i < k; i++) {
      const j = i + int(rest.length - i);
      [rest[i], rest[j]] = [rest[j] as T, rest[i] as T];
    }
    return rest.slice(0, k);
  };
  return {
    float: () => ((next() >>> 5) * 2 ** 26 + (next() >>> 6)) / 2 ** 53,
    int,
    shuffle: (items) => sample(items, items.length),
    sample,
  };
}

/** sfc32 of PractRand (public domain): 128 bits of state, here all four words from the digest. */
function sfc32(a: number, b: number, c: number, counter: number): () => number {
  return () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };
}
