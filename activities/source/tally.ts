/** Counts by reason, so that nothing is lost silently. */
export class Tally {
  readonly #counts = new Map<string, number>();

  add(reason: string, times = 1): void {
    if (times > 0) this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + times);
  }

  /** Reasons in alphabetical order, so that the same counts are the same bytes. */
  toRecord(): Record<string, number> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** "3 × no gold passage, 1 × repeated question", or "none". */
  toString(): string {
    const entries = Object.entries(this.toRecord());
    return entries.length === 0 ? 'none' : entries.map(([reason, count]) => `${count} × ${reason}`).join(', ');
  }
}
