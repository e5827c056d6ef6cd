/** Trying again: exponential backoff with full jitter, and never before the endpoint said. */
import { LlmFault, LlmUnavailable } from './errors.ts';
import { type Clock, systemClock } from './clock.ts';

const BASE_MS = 1_000;
const MOST_MS = 60_000;
const TRIES = 12;

export interface RetryOptions {
  /** Tries in all; 12 where absent. */
  tries?: number;
  /**
   * Requests that the endpoint served so far. A refusal for too much to do is no failed try where others were served since
   * the last one: then the endpoint works, and it is a matter of patience.
   */
  served?: () => number;
  /** Longest wait before the second try, in milliseconds; it doubles with every further one. One second where absent. */
  baseMs?: number;
  clock?: Clock;
  /** Uniform in [0, 1). */
  random?: () => number;
  signal?: AbortSignal | undefined;
}

/** Milliseconds to wait after the failed try number `failed`, counted from 1. */
export function backoff(failed: number, { retryAfterMs = null, baseMs = BASE_MS, random = Math.random }: { retryAfterMs?: number | null; baseMs?: number; random?: () => number } = {}): number {
  const share = random();
  const jittered = share * Math.min(MOST_MS, baseMs * 2 ** (failed - 1));
  // Some jitter on top of the least wait, so that those who were told the same time do not come back together.
  return retryAfterMs === null ? jittered : Math.max(jittered, retryAfterMs + share * baseMs);
}

/**
 * The value of the first of several tries that does not end in an `LlmFault`; other errors end it at once.
 * @throws LlmUnavailable with the last fault, after the last try
 */
export async function retrying<T>(attempt: (number: number) => Promise<T>, { tries = TRIES, served = () => 0, baseMs, clock = systemClock, random, signal }: RetryOptions = {}): Promise<T> {
  let failed = 0;
  for (let number = 1, before = served(); ; number += 1) {
    try {
      return await attempt(number);
    } catch (error) {
      if (!(error instanceof LlmFault)) throw error;
      const patience = (error.kind === 'rate-limit' || error.kind === 'busy') && served() > before;
      if (!patience) failed += 1;
      before = served();
      if (failed >= tries) throw new LlmUnavailable(`the LLM endpoint did not serve a request in ${tries} tries; the last: ${error.message}`);
      await clock.sleep(backoff(number, { retryAfterMs: error.retryAfterMs, ...(baseMs !== undefined && { baseMs }), ...(random && { random }) }), signal);
    }
  }
}
