import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../clock.ts';
import { newsObject } from '../names.ts';
import type { Objects } from '../objects.ts';
import { unlessAborted } from '../signals.ts';

/** How often news is looked for while some is waited for, and how many times in all. */
const LOOK_MS = 1_500;
const LOOKS = 10;

/** Whether other workers stored replies of a model: one object, which each of them gives another content. */
export class News {
  readonly #objects: Objects;
  readonly #object: string;
  readonly #clock: Clock;
  #known: string | null = null;
  #waiters = 0;
  #looking: Promise<void> | null = null;

  constructor({ objects, model, clock = systemClock }: { objects: Objects; model: string; clock?: Clock }) {
    this.#objects = objects;
    this.#object = newsObject(model);
    this.#clock = clock;
  }

  async tell(): Promise<void> {
    await this.#objects.write(this.#object, randomUUID());
  }

  /** What was told last, for `know`. */
  async latest(): Promise<string | null> {
    return (await this.#objects.read(this.#object))?.toString() ?? null;
  }

  /** To be called once the store was looked through, since `latest` gave this: only what was told later is new. */
  know(latest: string | null): void {
    this.#known = latest;
  }

  async isThere(): Promise<boolean> {
    return (await this.latest()) !== this.#known;
  }

  /** Over once there was news and `learn` is over, or after a while. Of all who wait one looks. */
  async wait(learn: () => Promise<void>, signal?: AbortSignal): Promise<void> {
    this.#waiters += 1;
    try {
      this.#looking ??= this.#look(learn).finally(() => {
        this.#looking = null;
      });
      // All who wait may have stopped before it fails.
      this.#looking.catch(() => {});
      await unlessAborted(this.#looking, signal);
    } finally {
      this.#waiters -= 1;
    }
  }

  async #look(learn: () => Promise<void>): Promise<void> {
    for (let looks = 0; looks < LOOKS && this.#waiters > 0; looks += 1) {
      await this.#clock.sleep(LOOK_MS);
      if (await this.isThere()) return learn();
    }
  }
}
