import PQueue from 'p-queue';
import { type Clock, systemClock } from './clock.ts';
import { LlmFault } from './errors.ts';

/** One storm of refusals, that all requests under way met, halves the limit once. */
const COOLDOWN_MS = 5_000;

export interface AdaptiveLimitOptions {
  /** Most tasks at once, and where the limit starts. */
  max: number;
  clock?: Clock;
}

/**
 * How many requests may be under way at once: halved where the endpoint is overloaded, one more after a whole limit's worth
 * of successes (additive increase, multiplicative decrease). A 429 that says when to come back stops all until then.
 */
export class AdaptiveLimit {
  readonly #queue: PQueue;
  readonly #max: number;
  readonly #clock: Clock;
  readonly #closed = new AbortController();
  #limit: number;
  #successes = 0;
  #halvedAt = Number.NEGATIVE_INFINITY;
  #resumeAt = Number.NEGATIVE_INFINITY;

  constructor({ max, clock = systemClock }: AdaptiveLimitOptions) {
    this.#max = max;
    this.#limit = max;
    this.#clock = clock;
    this.#queue = new PQueue({ concurrency: max });
  }

  get limit(): number {
    return this.#limit;
  }

  get running(): number {
    return this.#queue.pending;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  /**
   * Runs the task once there is room, ahead of all fresh ones where it is a `repeat`. A signal ends the wait; a task that has
   * begun ends itself, and keeps its place until then.
   */
  async run<T>(task: () => Promise<T>, { repeat = false, signal }: { repeat?: boolean; signal?: AbortSignal | undefined } = {}): Promise<T> {
    signal?.throwIfAborted();
    const wait = new AbortController();
    const stop = () => wait.abort(signal?.reason);
    signal?.addEventListener('abort', stop, { once: true });
    const begin = async (): Promise<T> => {
      signal?.removeEventListener('abort', stop);
      return this.#watch(task);
    };
    try {
      return (await this.#queue.add(begin, { signal: wait.signal, priority: repeat ? 1 : 0 })) as T;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  /** Ends waiting for the endpoint. */
  close(): void {
    this.#closed.abort();
    this.#queue.start();
  }

  async #watch<T>(task: () => Promise<T>): Promise<T> {
    try {
      const value = await task();
      this.#grow();
      return value;
    } catch (error) {
      if (error instanceof LlmFault) {
        if (error.kind === 'rate-limit' || error.kind === 'busy' || error.kind === 'timeout') this.#shrink();
        if (error.kind === 'rate-limit' && error.retryAfterMs !== null) void this.#pause(error.retryAfterMs);
      }
      throw error;
    }
  }

  #grow(): void {
    this.#successes += 1;
    if (this.#successes < this.#limit || this.#limit === this.#max) return;
    this.#set(this.#limit + 1);
  }

  #shrink(): void {
    const now = this.#clock.now();
    if (now - this.#halvedAt < COOLDOWN_MS) return;
    this.#halvedAt = now;
    this.#set(Math.max(1, Math.floor(this.#limit / 2)));
  }

  #set(limit: number): void {
    this.#limit = limit;
    this.#successes = 0;
    this.#queue.concurrency = limit;
  }

  async #pause(milliseconds: number): Promise<void> {
    const paused = this.#queue.isPaused;
    this.#resumeAt = Math.max(this.#resumeAt, this.#clock.now() + milliseconds);
    if (paused || this.#closed.signal.aborted) return;
    this.#queue.pause();
    try {
      // Others may have put the end off meanwhile.
      for (let left = milliseconds; left > 0; left = this.#resumeAt - this.#clock.now()) await this.#clock.sleep(left, this.#closed.signal);
    } catch {
      // Closed: whoever still waits may go on.
    }
    this.#queue.start();
  }
}
