import type { Clock } from '#infra/llm/clock.ts';

/** A clock that whoever sleeps sets on, so that no test waits. */
export class TestClock implements Clock {
  time = Date.UTC(2024, 0, 1);
  readonly slept: number[] = [];

  now(): number {
    return this.time;
  }

  async sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.slept.push(milliseconds);
    this.time += milliseconds;
    await new Promise(setImmediate);
  }
}
