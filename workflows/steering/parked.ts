import type { Verdict } from '../failures.ts';
import { untilCancelled } from './cancellable.ts';

/** What waits for a person's word, by name. */
export class Parked {
  readonly #waiting = new Map<string, (verdict: Verdict) => void>();

  /** The word on `name`, once it is spoken. Of each name one may wait at a time. */
  async wait(name: string): Promise<Verdict> {
    try {
      return await untilCancelled(new Promise<Verdict>((resolve) => this.#waiting.set(name, resolve)));
    } finally {
      this.#waiting.delete(name);
    }
  }

  has(name: string): boolean {
    return this.#waiting.has(name);
  }

  /** Speaks the word on those of `names` that wait; on all, where none are named. False where none of them does. */
  release(verdict: Verdict, names: Iterable<string> = [...this.#waiting.keys()]): boolean {
    const waiting = [...names].flatMap((name) => this.#waiting.get(name) ?? []);
    for (const speak of waiting) speak(verdict);
    return waiting.length > 0;
  }
}
