/** One reply cache for all in this process that ask the same model, so that they share what they know and what is under way. */
import { ReplyCache, type ReplyCacheOptions } from './reply-cache.ts';

interface Shared {
  cache: Promise<ReplyCache>;
  users: number;
}

const opened = new Map<string, Shared>();
/** Caches that are being closed; the next one waits for what they write. */
const closing = new Map<string, Promise<void>>();

/** The cache, and how to give it back: the last user closes it. */
export async function shareReplyCache(options: ReplyCacheOptions): Promise<{ cache: ReplyCache; release: () => Promise<void> }> {
  const name = JSON.stringify([options.bucket, options.folder, options.model]);
  const shared: Shared = opened.get(name) ?? { cache: (closing.get(name) ?? Promise.resolve()).then(() => ReplyCache.open(options)), users: 0 };
  opened.set(name, shared);
  shared.users += 1;
  const leave = (): boolean => {
    shared.users -= 1;
    if (shared.users === 0) opened.delete(name);
    return shared.users === 0;
  };
  let cache: ReplyCache;
  try {
    cache = await shared.cache;
    if (shared.users > 1) await cache.refresh();
  } catch (error) {
    leave();
    throw error;
  }
  let released: Promise<void> | null = null;
  const release = async (): Promise<void> => {
    if (!leave()) return cache.flush();
    const closed = cache.close();
    const settled = closed.catch(() => {}).finally(() => {
      if (closing.get(name) === settled) closing.delete(name);
    });
    closing.set(name, settled);
    await closed;
  };
  return { cache, release: () => (released ??= release()) };
}
