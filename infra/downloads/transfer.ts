import { setTimeout as sleep } from 'node:timers/promises';
import { DownloadInterrupted, DownloadRefused, TryAgain } from './errors.ts';
import type { PartialFile } from './partial-file.ts';
import type { FileFacts, Open, Opened } from './remote.ts';
import { type StallGuard, stallGuard } from './stall.ts';

/** How much is put up with before a download is given up. */
export interface Patience {
  /** Tries in a row that bring nothing new. */
  attempts: number;
  /** Wait before the second try, in milliseconds; each further wait is twice as long, up to `longestDelayMs`. */
  firstDelayMs: number;
  longestDelayMs: number;
  /** Milliseconds without a byte after which a connection counts as lost. */
  stallMs: number;
}

export interface TransferOptions {
  /** The URL in messages. */
  shown: string;
  unlessEtag?: string | undefined;
  patience: Patience;
  onProgress?: ((progress: DownloadProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** Bytes of the file that are there, and of the whole file, where the server says. */
export interface DownloadProgress {
  bytes: number;
  total: number | null;
}

/** Progress is told every so many bytes. */
const PROGRESS_BYTES = 2 ** 20;

/**
 * Brings `partial` to the whole file, over as many tries as bring something new; each goes on where the last one stopped.
 * Returns `unchanged` where the file still has `unlessEtag`. Throws `DownloadRefused`, `DownloadInterrupted`, the signal's
 * reason, or what the disk says.
 */
export async function transfer(open: Open, partial: PartialFile, options: TransferOptions): Promise<'whole' | 'unchanged'> {
  const { patience, shown, signal } = options;
  let most = partial.bytes;
  for (let failures = 0; ; ) {
    try {
      return await attempt(open, partial, options);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof TryAgain)) throw error;
      failures = partial.bytes > most ? 1 : failures + 1;
      most = Math.max(most, partial.bytes);
      if (failures >= patience.attempts) throw new DownloadInterrupted(`${shown}: interrupted after ${partial.bytes} bytes, ${failures} times without anything new: ${error.message}`);
      const delay = Math.max(patience.firstDelayMs * 2 ** (failures - 1), error.afterMs);
      await sleep(Math.min(delay, patience.longestDelayMs), undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
    }
  }
}

async function attempt(open: Open, partial: PartialFile, options: TransferOptions): Promise<'whole' | 'unchanged'> {
  const { unlessEtag, patience, onProgress, signal } = options;
  const guard = stallGuard(patience.stallMs, signal);
  try {
    const { validator } = partial.facts;
    const rest = partial.bytes > 0 && validator !== null ? { from: partial.bytes, validator } : undefined;
    const ask = (wanted: { rest?: typeof rest }) => overNetwork(guard, () => open({ ...(unlessEtag !== undefined && { unlessEtag }), ...wanted, signal: guard.signal }));
    const first = await ask(rest === undefined ? {} : { rest });
    const opened = first.kind === 'no rest' || (first.kind === 'rest' && !isSame(first.facts, partial.facts)) ? await ask({}) : first;
    if (opened.kind === 'unchanged') return 'unchanged';
    if (opened.kind === 'no rest') throw new TryAgain('the server refused all of the file as it refused the rest of it');
    if (opened.kind === 'rest') partial.continue();
    else await partial.restart(opened.facts);
    await receive(opened, partial, guard, onProgress);
    return 'whole';
  } finally {
    guard.end();
  }
}

/** Whether two answers may be of the same file. Not every server heeds what it is asked the rest of. */
function isSame(one: FileFacts, other: FileFacts): boolean {
  const differ = <T>(a: T | null, b: T | null) => a !== null && b !== null && a !== b;
  return !differ(one.etag, other.etag) && !differ(one.total, other.total);
}

async function receive({ facts: { total }, body }: Extract<Opened, { body: unknown }>, partial: PartialFile, guard: StallGuard, onProgress: TransferOptions['onProgress']): Promise<void> {
  const tell = () => onProgress?.({ bytes: partial.bytes, total });
  tell();
  let told = partial.bytes;
  const chunks = body[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await overNetwork(guard, () => chunks.next());
    if (done) break;
    await partial.append(value);
    if (partial.bytes - told < PROGRESS_BYTES) continue;
    told = partial.bytes;
    tell();
  }
  tell();
  if (total === null || partial.bytes === total) return;
  const { bytes } = partial;
  if (bytes > total) await partial.restart();
  throw new TryAgain(`the connection ended at ${bytes} of ${total} bytes`);
}

/** What another try may help is told from what none does: the network's failures are the former. */
async function overNetwork<T>(guard: StallGuard, work: () => Promise<T>): Promise<T> {
  try {
    const result = await work();
    guard.alive();
    return result;
  } catch (error) {
    if (error instanceof DownloadRefused || error instanceof TryAgain) throw error;
    throw new TryAgain(reasonOf(guard.signal.aborted ? guard.signal.reason : error));
  }
}

/** The innermost cause, by its message or code. Addresses of hosts may be in it, URLs are not. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error) return reasonOf(error.cause);
  return error.message || ('code' in error ? String(error.code) : error.name);
}
