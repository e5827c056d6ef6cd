import { type Clock, systemClock } from './clock.ts';
import { budgetPrefix } from './names.ts';
import { NOTHING, type Objects } from './objects.ts';

const MINUTE_MS = 60_000;
/** Parts that a minute's budget is handed out in. */
const ALLOTMENTS = 20;
/** Minutes whose objects are kept: clocks of machines may differ a little. */
const KEPT_MINUTES = 5;

export interface BudgetOptions {
  objects: Objects;
  model: string;
  requestsPerMinute?: number | undefined;
  tokensPerMinute?: number | undefined;
  clock?: Clock;
}

/**
 * Requests and tokens per minute for one model, shared by all workers that use the same bucket.
 *
 * A minute's budget is handed out in twentieths. Whoever needs one makes the object `<minute>/<number>`, which only one can;
 * what is left of it at the end of the minute is lost. Where all are taken, the next minute is waited for. Without limits
 * nothing is asked of the store. Clocks of the workers must agree to within seconds.
 */
export class MinuteBudget {
  readonly #objects: Objects;
  readonly #prefix: string;
  readonly #requests: number | undefined;
  readonly #tokens: number | undefined;
  readonly #allotments: number;
  readonly #clock: Clock;
  #turn: Promise<unknown> = Promise.resolve();
  #minute = 0;
  /** Number of the next allotment of the minute that may be free. */
  #next = 0;
  #left = { requests: 0, tokens: 0 };

  constructor({ objects, model, requestsPerMinute, tokensPerMinute, clock = systemClock }: BudgetOptions) {
    this.#objects = objects;
    this.#prefix = budgetPrefix(model);
    this.#requests = requestsPerMinute;
    this.#tokens = tokensPerMinute;
    // Every allotment holds a request at least.
    this.#allotments = Math.min(ALLOTMENTS, requestsPerMinute ?? ALLOTMENTS);
    this.#clock = clock;
  }

  /**
   * Over once a request of so many tokens may be sent; one that is larger than a minute's budget takes all of a minute.
   * First come, first served within this process.
   */
  async take(tokens: number, signal?: AbortSignal): Promise<void> {
    if (this.#requests === undefined && this.#tokens === undefined) return;
    const taken = this.#turn.then(() => this.#take(Math.min(tokens, this.#tokens ?? 0), signal));
    this.#turn = taken.catch(() => {});
    await taken;
  }

  async #take(tokens: number, signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      signal?.throwIfAborted();
      this.#enterMinute();
      if (this.#left.requests >= 1 && this.#left.tokens >= tokens) {
        this.#left.requests -= 1;
        this.#left.tokens -= tokens;
        return;
      }
      if (this.#next >= this.#allotments) await this.#clock.sleep((this.#minute + 1) * MINUTE_MS - this.#clock.now(), signal);
      else await this.#claim();
    }
  }

  #enterMinute(): void {
    const minute = Math.floor(this.#clock.now() / MINUTE_MS);
    if (minute === this.#minute) return;
    this.#minute = minute;
    this.#next = 0;
    this.#left = { requests: 0, tokens: 0 };
  }

  /** Takes the next allotment, if it is still free. */
  async #claim(): Promise<void> {
    const number = this.#next;
    this.#next += 1;
    if (!(await this.#objects.writeNew(`${this.#prefix}${this.#minute}/${number}`, NOTHING))) return;
    this.#left.requests += shareOf(this.#requests, number, this.#allotments);
    this.#left.tokens += shareOf(this.#tokens, number, this.#allotments);
    // One worker a minute clears up; what it leaves, the next one finds.
    if (number === 0) await this.#clear().catch(() => {});
  }

  async #clear(): Promise<void> {
    const old = (await this.#objects.list(this.#prefix)).filter((key) => Number.parseInt(key.slice(this.#prefix.length), 10) < this.#minute - KEPT_MINUTES);
    await this.#objects.delete(old);
  }
}

/** Part number `number` of `total` in whole units; all parts together give the total. */
function shareOf(total: number | undefined, number: number, parts: number): number {
  if (total === undefined) return Number.POSITIVE_INFINITY;
  return Math.floor((total * (number + 1)) / parts) - Math.floor((total * number) / parts);
}
