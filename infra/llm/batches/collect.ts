import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReplyCache } from '../cache/reply-cache.ts';
import { shareReplyCache } from '../cache/shared.ts';
import { LlmRefused } from '../errors.ts';
import { advised, brief } from '../faults.ts';
import { collectedObject } from '../names.ts';
import { Objects } from '../objects.ts';
import { Accounts } from '../spending/accounts.ts';
import { dollarsFor, priceFor } from '../spending/prices.ts';
import { type BatchResult, readResult } from './lines.ts';
import type { BatchOptions } from './options.ts';
import { type RemoteBatch, RemoteBatches } from './remote.ts';
import { claimOf } from './submit.ts';

/** Replies that are written to the journal together. */
const KEPT_TOGETHER = 500;
/** A batch that failed because too many tokens were waiting in others: it may be submitted again once those are done. */
const QUEUE_FULL = 'token_limit_exceeded';

/** What became of the requests of one batch. */
interface Collected {
  replies: number;
  /** Requests to be asked again. */
  failed: number;
  dollars: number | null;
  /** Replies whose usage the endpoint did not say; `dollars` is without them. */
  withoutUsage: number;
  /** The first request that will never be answered. */
  refused: LlmRefused | null;
}

/**
 * Brings the replies of batches into the cache, and says how many batches are still worked on. Requests that a batch did not
 * answer, or not in the form of a reply, stay out of the cache, for the next batch. To collect again changes nothing: a
 * batch that was collected is marked so in the store, last, and its account is its own.
 * @throws LlmRefused where the endpoint refused a batch, or a request, for good; what was answered is in the cache then
 */
export async function collectBatches(ids: readonly string[], options: BatchOptions): Promise<{ pending: number }> {
  const remote = new RemoteBatches(options);
  const objects = new Objects(options);
  const { cache, release } = await shareReplyCache(options);
  const failed: RemoteBatch[] = [];
  let pending = 0;
  let refused: LlmRefused | null = null;
  try {
    for (const id of ids) {
      options.signal?.throwIfAborted();
      if ((await objects.read(collectedObject(id))) !== null) continue;
      const batch = await remote.get(id);
      if (batch.state === 'pending') pending += 1;
      if (batch.state === 'failed') failed.push(batch);
      if (batch.state !== 'ended') continue;
      const refusedHere = await collect(batch, { remote, objects, cache, options });
      refused ??= refusedHere;
    }
  } finally {
    await release();
  }
  await giveBack(failed, objects, options);
  refused ??= refusalOf(failed, ids.length);
  if (refused !== null) throw refused;
  return { pending };
}

/** Why batches that failed as a whole will fail again; null where they need only wait for the others. */
function refusalOf(failed: readonly RemoteBatch[], all: number): LlmRefused | null {
  const hopeless = failed.find(({ failure }) => failure?.code !== QUEUE_FULL) ?? (failed.length === all ? failed[0] : undefined);
  if (hopeless === undefined) return null;
  return new LlmRefused(`the endpoint refused batch ${hopeless.id}: ${brief(hopeless.failure?.message || (hopeless.failure?.code ?? 'it gave no reason'))}`);
}

/** Claims of batches that did nothing. */
async function giveBack(failed: readonly RemoteBatch[], objects: Objects, options: BatchOptions): Promise<void> {
  for (const { tag, ledger } of failed) if (tag !== null) await new Accounts({ objects, ledger: ledger ?? options.ledger }).remove([claimOf(tag)]);
}

interface Parts {
  remote: RemoteBatches;
  objects: Objects;
  cache: ReplyCache;
  options: BatchOptions;
}

async function collect(batch: RemoteBatch, parts: Parts): Promise<LlmRefused | null> {
  const { objects, cache, options } = parts;
  const collected = await keepResults(batch, parts);
  await cache.flush();
  // What nobody can tell stays claimed, at the most that it may have been.
  if (collected.dollars !== null && collected.withoutUsage === 0) {
    const accounts = new Accounts({ objects, ledger: batch.ledger ?? options.ledger });
    await accounts.writeOnce(`batch-${batch.id}`, { claimed: collected.dollars, spent: collected.dollars });
    if (batch.tag !== null) await accounts.remove([claimOf(batch.tag)]);
  }
  const { replies, failed, dollars, withoutUsage, refused } = collected;
  await objects.write(collectedObject(batch.id), `${JSON.stringify({ tag: batch.tag, replies, failed, dollars, withoutUsage })}\n`);
  return refused;
}

async function keepResults(batch: RemoteBatch, { remote, cache, options }: Parts): Promise<Collected> {
  const price = priceFor(options);
  const collected: Collected = { replies: 0, failed: 0, dollars: price && 0, withoutUsage: 0, refused: null };
  for (const file of [batch.output, batch.errors]) {
    if (file === null) continue;
    for await (const results of groups(resultsOf(file, remote, options.folder), KEPT_TOGETHER)) {
      options.signal?.throwIfAborted();
      for (const { usage } of results) if (price !== null && usage !== null) collected.dollars = (collected.dollars ?? 0) + dollarsFor(usage, price, true);
      for (const result of results) {
        if ('reply' in result) {
          collected.replies += 1;
          if (result.reply.usage === null) collected.withoutUsage += 1;
        } else {
          collected.failed += 1;
          if (result.failure instanceof LlmRefused) collected.refused ??= new LlmRefused(`batch ${batch.id}: ${advised(result.failure).message}`);
        }
      }
      await Promise.all(results.map(async (result) => ('reply' in result && !cache.has(result.key) ? cache.keep(result.key, result.reply) : undefined)));
    }
  }
  return collected;
}

/** The results in a file of the endpoint, of which there may be hundreds of megabytes. */
async function* resultsOf(file: string, remote: RemoteBatches, folder: string): AsyncGenerator<BatchResult> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `batch-${randomUUID()}.jsonl`);
  try {
    await remote.download(file, path);
    for await (const line of linesOf(path)) {
      const result = readResult(line);
      if (result !== null) yield result;
    }
  } finally {
    await rm(path, { force: true });
  }
}

/** Lines end at line feeds only: a reply may hold U+2028, at which node:readline would cut it. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(path, 'utf8') as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

async function* groups<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let group: T[] = [];
  for await (const item of items) {
    if (group.push(item) < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
