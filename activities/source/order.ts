/** The order in which rows are taken, which must not depend on the order of a file. */
import { createHash } from 'node:crypto';

/**
 * Training rows kept beyond these, as a share of those asked for: enough to make MDQA's smallest limited subset (about a third
 * of all questions) as large as the full dataset.
 */
export const FURTHER_SHARE = 2;

/** A row's place in the order: a hash of seed and id. */
export function orderKey(seed: number, id: string): string {
  return createHash('sha256').update(JSON.stringify(['split', seed, id])).digest('hex');
}

/** Keeps the `limit` values with the smallest keys of all that were added. */
export class SmallestByKey<T> {
  readonly #limit: number;
  #entries: { key: string; value: T }[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(key: string, value: T): void {
    this.#entries.push({ key, value });
    // Sorting only when twice as many are held makes adding cheap on average.
    if (this.#entries.length >= 2 * this.#limit) this.#trim();
  }

  inOrder(): T[] {
    this.#trim();
    return this.#entries.map(({ value }) => value);
  }

  #trim(): void {
    this.#entries.sort((a, b) => (a.key < b.key ? -1 : 1));
    this.#entries.length = Math.min(this.#entries.length, this.#limit);
  }
}
