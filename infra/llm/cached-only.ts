import type { ReplyCache, ReplyCacheOptions } from './cache/reply-cache.ts';
import { shareReplyCache } from './cache/shared.ts';
import { type Answered, type Asker, type ChatRequest, requestKey } from './chat.ts';
import { NotCached } from './errors.ts';

/** Answers what is in the cache, and never pays. @throws NotCached with the request for all else */
export class CachedOnly implements Asker {
  readonly #cache: Pick<ReplyCache, 'find'>;

  constructor(cache: Pick<ReplyCache, 'find'>) {
    this.#cache = cache;
  }

  async ask(request: ChatRequest, signal?: AbortSignal): Promise<Answered> {
    signal?.throwIfAborted();
    const reply = await this.#cache.find(requestKey(request));
    if (reply === null) throw new NotCached(request);
    return { reply, paid: false };
  }
}

export interface OpenCachedOnly extends Asker {
  close(): Promise<void>;
}

/** `CachedOnly` with the cache that askers of this model in this process use, too. */
export async function openCachedOnly(options: ReplyCacheOptions): Promise<OpenCachedOnly> {
  const { cache, release } = await shareReplyCache(options);
  const asker = new CachedOnly(cache);
  return { ask: (request, signal) => asker.ask(request, signal), close: release };
}
