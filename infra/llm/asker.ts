import type { S3Client } from '@aws-sdk/client-s3';
import { MinuteBudget } from './budget.ts';
import type { ReplyCache } from './cache/reply-cache.ts';
import { shareReplyCache } from './cache/shared.ts';
import { type Answered, type Asker, type ChatReply, type ChatRequest, estimateUsage, requestKey, usageOf } from './chat.ts';
import { AdaptiveLimit } from './concurrency.ts';
import type { TokensField } from './dialect.ts';
import { Endpoint, type LlmEnvironment } from './endpoint.ts';
import { LlmFault, LlmRefused } from './errors.ts';
import { Objects } from './objects.ts';
import { retrying } from './retry.ts';
import { linkSignals } from './signals.ts';
import { Ledger } from './spending/ledger.ts';
import { dollarsFor, type Price, priceFor } from './spending/prices.ts';

/** A store that is away for a minute costs nothing but the time. */
const STORE_PATIENCE_MS = 90_000;

export interface AskerOptions {
  s3: S3Client;
  bucket: string;
  /** On this machine's disk, for this bucket only: replies on their way to the store, and copies of those in it. */
  folder: string;
  env: LlmEnvironment;
  model: string;
  /** Most requests under way at once. */
  concurrency: number;
  requestsPerMinute?: number | undefined;
  tokensPerMinute?: number | undefined;
  costCeilingDollars?: number | undefined;
  /** Needed under a ceiling, where the model's price is not known. */
  price?: Price | undefined;
  /** Account that spending is charged to. */
  ledger: string;
  /** How a person raises the ceiling, for the message of `CostCeilingReached`. */
  remedy?: string | undefined;
  /** How long a store that is away is waited for; a minute and a half where absent. */
  patienceMs?: number;
  /** See `EndpointOptions`. */
  timeoutMs?: number | undefined;
  tokensField?: TokensField | undefined;
  /** See `retrying`. */
  retry?: { tries?: number; baseMs?: number };
}

export interface AskerStats {
  /** Questions answered. */
  calls: number;
  /** Those that were paid for now; the others came from the cache. */
  paid: number;
  /** Tries that failed, and were repeated or given up. */
  faults: number;
  /** Requests sent again, since the endpoint wanted them written otherwise. */
  rewritten: number;
  /** What this asker spent; null where the price is not known. */
  dollars: number | null;
  /** Most requests that may be under way now, and those that are, or wait for it. */
  limit: number;
  underWay: number;
  waiting: number;
}

export interface OpenAsker extends Asker {
  stats(): AskerStats;
  /** Over once all replies are in the store. */
  flush(): Promise<void>;
  /** Starts no more requests, waits for those under way, and flushes. */
  close(): Promise<void>;
}

/** An asker that pays for what is not in the cache. @throws LlmNotConfigured, PriceUnknown */
export async function openAsker(given: AskerOptions): Promise<OpenAsker> {
  const options = { patienceMs: STORE_PATIENCE_MS, ...given };
  const { model, concurrency, requestsPerMinute, tokensPerMinute, costCeilingDollars, ledger, remedy, env, timeoutMs, tokensField, retry } = options;
  const endpoint = new Endpoint(env, { timeoutMs, tokensField });
  const price = priceFor(options);
  const objects = new Objects(options);
  const { cache, release } = await shareReplyCache(options);
  return new PayingAsker({
    model,
    endpoint,
    cache,
    release,
    price,
    ledger: price && new Ledger({ objects, ledger, ceiling: costCeilingDollars ?? null, ahead: concurrency, remedy }),
    budget: new MinuteBudget({ objects, model, requestsPerMinute, tokensPerMinute }),
    limit: new AdaptiveLimit({ max: concurrency }),
    retry: retry ?? {},
  });
}

interface Parts {
  model: string;
  endpoint: Endpoint;
  cache: ReplyCache;
  release: () => Promise<void>;
  price: Price | null;
  /** Null where the price is not known. */
  ledger: Ledger | null;
  budget: MinuteBudget;
  limit: AdaptiveLimit;
  retry: { tries?: number; baseMs?: number };
}

/**
 * Cache, then the same request under way, then a place among the requests under way, the claim on this request, the minute's
 * budget, the money, the call, and the journal. A place is held for one try at a time, until its reply is in the journal; so if this process is
 * killed, at most as many replies as there are places were paid for and not kept.
 */
class PayingAsker implements OpenAsker {
  readonly #parts: Parts;
  readonly #closing = new AbortController();
  readonly #tries = new Set<Promise<unknown>>();
  #calls = 0;
  #paid = 0;
  #faults = 0;
  /** Tries that the endpoint answered. */
  #served = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async ask(request: ChatRequest, signal?: AbortSignal): Promise<Answered> {
    const { cache, model } = this.#parts;
    if (request.model !== model) throw new LlmRefused(`a request for model ${request.model} was given to an asker of ${model}`);
    const key = requestKey(request);
    const waiting = linkSignals([signal, this.#closing.signal]);
    try {
      const answered = await cache.answer(key, () => this.#answer(key, request, waiting.signal, signal), waiting.signal);
      this.#calls += 1;
      if (answered.paid) this.#paid += 1;
      return answered;
    } finally {
      waiting.unlink();
    }
  }

  stats(): AskerStats {
    const { endpoint, ledger, limit } = this.#parts;
    return { calls: this.#calls, paid: this.#paid, faults: this.#faults, rewritten: endpoint.rewritten, dollars: ledger?.spent ?? null, limit: limit.limit, underWay: limit.running, waiting: limit.waiting };
  }

  async flush(): Promise<void> {
    await this.#parts.cache.flush();
    await this.#parts.ledger?.flush();
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the asker was closed'));
    this.#parts.limit.close();
    await Promise.allSettled(this.#tries);
    try {
      await this.#parts.ledger?.close();
    } finally {
      await this.#parts.release();
    }
  }

  /** Pays for the reply, or waits until another worker that is paying for it has it. */
  async #answer(key: string, request: ChatRequest, waiting: AbortSignal, signal: AbortSignal | undefined): Promise<Answered> {
    for (;;) {
      const answered = await this.#pay(key, request, waiting, signal);
      if (answered !== null) return answered;
      await this.#parts.cache.othersReplies(waiting);
      const reply = await this.#parts.cache.find(key);
      if (reply !== null) return { reply, paid: false };
    }
  }

  /** `waiting` ends every wait; only the asker's own `signal` ends a call that may be paid for already. */
  #pay(key: string, request: ChatRequest, waiting: AbortSignal, signal: AbortSignal | undefined): Promise<Answered | null> {
    const { limit, retry } = this.#parts;
    return retrying((number) => limit.run(() => this.#track(this.#try(key, request, waiting, signal)), { repeat: number > 1, signal: waiting }), { ...retry, served: () => this.#served, signal: waiting });
  }

  /** Null where another worker is paying for the same. */
  async #try(key: string, request: ChatRequest, waiting: AbortSignal, signal: AbortSignal | undefined): Promise<Answered | null> {
    const { cache, endpoint } = this.#parts;
    const claimed = await cache.claim(key, endpoint.timeoutMs);
    if (claimed === null) return null;
    if ('reply' in claimed) return { reply: claimed.reply, paid: false };
    let { claim } = claimed;
    let kept = false;
    try {
      const reply = await this.#call(request, waiting, signal, {
        begin: async () => {
          const renewed = await cache.renew(claim);
          if (renewed !== null) claim = renewed;
          return renewed !== null;
        },
        keep: async (made) => {
          await cache.keep(key, made, claim);
          kept = true;
        },
      });
      return reply && { reply, paid: true };
    } finally {
      if (!kept) await cache.release(claim);
    }
  }

  /** One call within the budgets; null where `begin` forbids it at the last moment. */
  async #call(request: ChatRequest, waiting: AbortSignal, signal: AbortSignal | undefined, { begin, keep }: { begin: () => Promise<boolean>; keep: (reply: ChatReply) => Promise<void> }): Promise<ChatReply | null> {
    const { budget, endpoint, ledger, price } = this.#parts;
    const estimate = estimateUsage(request);
    await budget.take(estimate.promptTokens + estimate.completionTokens, waiting);
    const most = price === null ? 0 : dollarsFor(estimate, price, false);
    const reservation = await ledger?.reserve(most, waiting);
    let cost = 0;
    try {
      if (!(await begin())) return null;
      waiting.throwIfAborted();
      // Until we know better: whoever stops listening may be charged all the same.
      cost = most;
      const reply = await endpoint.complete(request, signal);
      this.#served += 1;
      cost = price === null ? 0 : dollarsFor(usageOf(request, reply), price, false);
      await keep(reply);
      return reply;
    } catch (error) {
      if (error instanceof LlmFault) this.#faults += 1;
      if (error instanceof LlmRefused || (error instanceof LlmFault && !error.mayBeCharged)) cost = 0;
      throw error;
    } finally {
      reservation?.settle(cost);
    }
  }

  #track<T>(promise: Promise<T>): Promise<T> {
    const settled = promise.catch(() => {}).finally(() => this.#tries.delete(settled));
    this.#tries.add(settled);
    return promise;
  }
}
