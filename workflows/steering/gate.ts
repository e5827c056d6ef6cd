import { untilCancelled } from './cancellable.ts';

/** Holds up what is about to begin while a sweep is paused. */
export class Gate {
  #open: Promise<void> | null = null;
  #release = () => {};

  set paused(paused: boolean) {
    if (paused) this.#open ??= new Promise((resolve) => (this.#release = resolve));
    else {
      this.#release();
      this.#open = null;
    }
  }

  /** Resolves when nothing is held up (any more). */
  async passed(): Promise<void> {
    while (this.#open !== null) await untilCancelled(this.#open);
  }
}
