import { closeSync, openSync, readSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import type { Answered, ChatReply } from '../chat.ts';
import { ReplyCacheDamaged } from '../errors.ts';
import { modelSlug } from '../names.ts';
import { Objects } from '../objects.ts';
import { unlessAborted } from '../signals.ts';
import { type Claim, Claims } from './claims.ts';
import { Journal } from './journal.ts';
import { formatLine, keyOfLine, type LinePosition, linesOf, parseLine, soundPart } from './lines.ts';
import { News } from './news.ts';
import { isAbandoned, ownJournalName, releasedJournalName } from './owner.ts';
import { type Shard, Shards } from './shards.ts';

/** A journal becomes a shard once it holds this many replies, or its first one is this old. */
const SHARD_REPLIES = 1_000;
const SHARD_AGE_MS = 30_000;
/** The age of its first reply where others are known to wait for some. */
const WANTED_AGE_MS = 2_000;

export interface ReplyCacheOptions {
  s3: S3Client;
  bucket: string;
  /** On this machine's own disk, and used with this bucket only: journals, and copies of the shards. */
  folder: string;
  model: string;
  /** See `ObjectsOptions`. */
  patienceMs?: number | undefined;
}

interface UnderWay {
  answer: Promise<Answered>;
  signal: AbortSignal | undefined;
}

/** A journal that is complete, and the claims under which its replies were paid for. */
interface Sealed {
  /** Closes it. */
  path: () => Promise<string>;
  claims: readonly Pick<Claim, 'key' | 'number'>[];
}

/**
 * Every reply of one model that was ever paid for, by the key of its request.
 *
 * A reply counts as kept once its line is on this machine's disk, in a journal of this process. Journals become shards on
 * S3 in the background and on `flush`, and are deleted then. A process that is killed leaves its journal; the next cache
 * that is opened on the same folder takes it over by renaming it, so that of several openers one does. What is lost with a
 * machine that never comes back is thus at most the last 30 seconds or 1,000 replies.
 *
 * Of several workers that want the same reply one pays: the one with the claim. A claim is released once its reply is in
 * the store and the news of it, too; so whoever gets a claim and finds no news since it looked last knows of all replies.
 *
 * Memory holds where each reply lies; the replies themselves stay on the disk.
 */
export class ReplyCache {
  readonly #shards: Shards;
  readonly #news: News;
  readonly #journals: string;
  readonly #claims: Claims;
  readonly #index = new Map<string, LinePosition & { path: string }>();
  readonly #loaded = new Set<string>();
  readonly #underWay = new Map<string, UnderWay>();
  #current: { journal: Promise<Journal>; replies: number; claims: Claim[]; timer: NodeJS.Timeout } | null = null;
  /** Those that are not in the store yet. */
  readonly #sealed = new Set<Sealed>();
  #storing: Promise<void> | null = null;

  private constructor({ s3, bucket, folder, model, patienceMs }: ReplyCacheOptions, home: string) {
    const own = join(folder, modelSlug(model));
    const objects = new Objects({ s3, bucket, patienceMs });
    this.#shards = new Shards({ objects, model, folder: join(own, 'shards') });
    this.#claims = new Claims({ objects, model, home });
    this.#news = new News({ objects, model });
    this.#journals = join(own, 'journals');
  }

  /** Opens with all that the store and the journals of dead processes hold. */
  static async open(options: ReplyCacheOptions): Promise<ReplyCache> {
    const cache = new ReplyCache(options, await homeOf(options.folder));
    await mkdir(cache.#journals, { recursive: true });
    await cache.#takeOver();
    await cache.refresh();
    return cache;
  }

  /** Replies known. */
  get size(): number {
    return this.#index.size;
  }

  has(key: string): boolean {
    return this.#index.has(key);
  }

  /** @throws ReplyCacheDamaged */
  async find(key: string): Promise<ChatReply | null> {
    const position = this.#index.get(key);
    if (position === undefined) return null;
    const line = parseLine(readPart(position));
    if (line?.key !== key) throw new ReplyCacheDamaged(position.path, `no reply at byte ${position.offset}`);
    return line.reply;
  }

  /**
   * The reply to a request: a known one, that of the same request under way, or else what `call` gives. `call` keeps its
   * reply itself, so that a reply that is not kept yet still counts as under way wherever calls are counted.
   */
  async answer(key: string, call: () => Promise<Answered>, signal?: AbortSignal): Promise<Answered> {
    for (;;) {
      signal?.throwIfAborted();
      const known = this.has(key) ? await this.find(key) : null;
      if (known !== null) return { reply: known, paid: false };
      const other = this.#underWay.get(key);
      if (other === undefined) break;
      try {
        return { reply: (await unlessAborted(other.answer, signal)).reply, paid: false };
      } catch (error) {
        // That another stopped asking is no reason for us to.
        if (signal?.aborted || !other.signal?.aborted) throw error;
      }
    }
    const answer = call();
    this.#underWay.set(key, { answer, signal });
    try {
      return await answer;
    } finally {
      this.#underWay.delete(key);
    }
  }

  /** The right to pay for a reply that nobody has, by a call of `callMs` at most, or the reply where somebody has it; null where another worker is paying. */
  async claim(key: string, callMs: number): Promise<{ claim: Claim } | { reply: ChatReply } | null> {
    const claim = await this.#claims.take(key, callMs);
    if (claim === null) {
      this.#hurry();
      return null;
    }
    try {
      if (await this.#news.isThere()) await this.refresh();
    } catch (error) {
      await this.release(claim);
      throw error;
    }
    const reply = await this.find(key);
    if (reply === null) return { claim };
    await this.release(claim);
    return { reply };
  }

  /** See `Claims.renew`. */
  renew(claim: Claim): Promise<Claim | null> {
    return this.#claims.renew(claim);
  }

  /** Gives up a claim; one that cannot be is followed by the next in time. */
  async release(claim: Claim): Promise<void> {
    await this.#claims.release([claim]).catch(() => {});
  }

  /** Over once others stored replies, which then are known here, or after a while. */
  othersReplies(signal?: AbortSignal): Promise<void> {
    return this.#news.wait(() => this.refresh(), signal);
  }

  /** Keeps a reply, and its claim until others can find it; over once it is on the disk. */
  async keep(key: string, reply: ChatReply, claim?: Claim): Promise<void> {
    const current = (this.#current ??= this.#startJournal());
    current.replies += 1;
    if (claim !== undefined) current.claims.push(claim);
    const last = current.replies >= SHARD_REPLIES;
    const kept = current.journal.then(async (journal) => {
      this.#index.set(key, { path: journal.path, ...(await journal.append(formatLine(key, reply))) });
    });
    if (last) this.#seal();
    try {
      await kept;
    } catch (error) {
      if (claim !== undefined) current.claims.splice(current.claims.indexOf(claim), 1);
      // Whatever is wrong with this file, the next reply gets another.
      if (this.#current === current) this.#seal();
      throw error;
    }
  }

  /** Learns of the shards that others wrote since. */
  async refresh(): Promise<void> {
    const latest = await this.#news.latest();
    const unknown = (await this.#shards.list()).filter((name) => !this.#loaded.has(name));
    await this.#shards.load(unknown, (shard) => this.#learn(shard, false));
    for (const name of unknown) this.#loaded.add(name);
    this.#news.know(latest);
  }

  /** Over once all replies kept so far are in the store. */
  async flush(): Promise<void> {
    this.#seal();
    await this.#storing?.catch(() => {});
    await this.#store();
  }

  /** Flushes, and leaves what the store did not take to whoever opens the cache next. */
  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      for (const journal of this.#sealed) {
        const path = await journal.path().catch(() => null);
        if (path !== null) await rename(path, join(this.#journals, releasedJournalName())).catch(() => {});
      }
      this.#sealed.clear();
    }
  }

  #startJournal() {
    const timer = setTimeout(() => this.#seal(), SHARD_AGE_MS);
    timer.unref();
    return { journal: Journal.create(join(this.#journals, ownJournalName())), replies: 0, claims: [], timer };
  }

  /** Others are asking the same as we: they may wait for what is in our journal. */
  #hurry(): void {
    const current = this.#current;
    if (current === null) return;
    clearTimeout(current.timer);
    current.timer = setTimeout(() => this.#current === current && this.#seal(), WANTED_AGE_MS);
    current.timer.unref();
  }

  #seal(): void {
    const current = this.#current;
    if (current === null) return;
    this.#current = null;
    clearTimeout(current.timer);
    let closed: Promise<string> | undefined;
    this.#sealed.add({
      path: () => {
        closed ??= current.journal.then(async (journal) => {
          await journal.close();
          return journal.path;
        });
        return closed;
      },
      claims: current.claims,
    });
    // What fails here is tried again with the next shard, and shown by `flush`.
    this.#store().catch(() => {});
  }

  /** Stores the sealed journals, one after another. */
  #store(): Promise<void> {
    this.#storing ??= this.#storeAll();
    return this.#storing;
  }

  async #storeAll(): Promise<void> {
    // `#storing` is set before what follows.
    await Promise.resolve();
    try {
      for (const journal of this.#sealed) {
        // A journal that could never be created holds nothing.
        const path = await journal.path().catch(() => null);
        if (path !== null) {
          const bytes = soundPart(await readFile(path));
          if (bytes.length > 0) {
            this.#learn(await this.#shards.add(bytes), true);
            await this.#news.tell();
          }
          await rm(path, { force: true });
        }
        this.#sealed.delete(journal);
        // What stays costs others a look, and no money.
        await this.#claims.release(journal.claims).catch(() => {});
      }
    } finally {
      this.#storing = null;
    }
  }

  /** Makes the journals of dead processes ours. */
  async #takeOver(): Promise<void> {
    for (const name of await readdir(this.#journals)) {
      if (!isAbandoned(name)) continue;
      const path = join(this.#journals, ownJournalName());
      try {
        await rename(join(this.#journals, name), path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
        throw error;
      }
      const bytes = await readFile(path);
      const claims: Pick<Claim, 'key' | 'number'>[] = [];
      for (const position of linesOf(bytes)) {
        const line = parseLine(bytes.toString('utf8', position.offset, position.offset + position.length));
        if (line === null) continue;
        this.#index.set(line.key, { path, ...position });
        claims.push({ key: line.key, number: 0 });
      }
      this.#sealed.add({ path: () => Promise.resolve(path), claims });
    }
    if (this.#sealed.size > 0) this.#store().catch(() => {});
  }

  #learn({ path, bytes }: Shard, replace: boolean): void {
    for (const position of linesOf(bytes)) {
      const key = keyOfLine(bytes, position);
      if (replace || !this.#index.has(key)) this.#index.set(key, { path, ...position });
    }
  }
}

/** What a disk is called where claims are made: the same for all who use the folder. */
async function homeOf(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'home');
  await writeFile(file, randomUUID(), { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  // Empty where another is about to write it: the next one to open the folder reads it.
  return (await readFile(file, 'utf8')) || randomUUID();
}

/** A kilobyte that mostly is in the system's memory: the thread pool would take many times as long as the reading itself. */
function readPart({ path, offset, length }: LinePosition & { path: string }): string {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(length);
    return buffer.toString('utf8', 0, readSync(file, buffer, 0, length, offset));
  } finally {
    closeSync(file);
  }
}
