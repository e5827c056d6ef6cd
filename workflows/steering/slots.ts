import { untilCancelled } from './cancellable.ts';

interface Waiting {
  id: string;
  admit: () => void;
}

/** Which units may run at once. The one of the best priority is admitted first, of equals the one that came first. */
export class Slots {
  #asked: number | null;
  readonly #most: number;
  #paused = false;
  readonly #held = new Set<string>();
  #queue: Waiting[] = [];
  readonly #priorityOf: (id: string) => number;

  /** `asked` null: `most`, which no limit can exceed. */
  constructor(asked: number | null, most: number, priorityOf: (id: string) => number) {
    this.#most = most;
    this.#asked = asked;
    this.#priorityOf = priorityOf;
  }

  /** Resolves when the unit may run; it runs until `leave`. */
  async enter(id: string): Promise<void> {
    const turn = new Promise<void>((admit) => this.#queue.push({ id, admit }));
    this.#admit();
    try {
      await untilCancelled(turn);
    } catch (error) {
      this.#queue = this.#queue.filter((waiting) => waiting.id !== id);
      this.leave(id);
      throw error;
    }
  }

  /** Does something of a unit while it has a slot. */
  async hold<T>(id: string, work: () => Promise<T>): Promise<T> {
    await this.enter(id);
    try {
      return await work();
    } finally {
      this.leave(id);
    }
  }

  leave(id: string): void {
    if (this.#held.delete(id)) this.#admit();
  }

  /** A unit that had left, since it was blocked, goes on at once; others wait the longer for it. */
  goOn(id: string): void {
    this.#held.add(id);
  }

  /** Whether nothing runs. */
  get areFree(): boolean {
    return this.#held.size === 0;
  }

  /** How many shall run at once; null: as many as may. */
  get asked(): number | null {
    return this.#asked;
  }

  /** How many may. */
  get limit(): number {
    return Math.min(this.#asked ?? this.#most, this.#most);
  }

  ask(units: number | null): void {
    this.#asked = units;
    this.#admit();
  }

  set paused(paused: boolean) {
    this.#paused = paused;
    this.#admit();
  }

  #admit(): void {
    while (!this.#paused && this.#queue.length > 0 && this.#held.size < this.limit) {
      const best = this.#queue.reduce((first, next) => (this.#priorityOf(next.id) < this.#priorityOf(first.id) ? next : first));
      this.#queue.splice(this.#queue.indexOf(best), 1);
      this.#held.add(best.id);
      best.admit();
    }
  }
}
