import { randomUUID } from 'node:crypto';
import { appendFileSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { artifactClient } from '#infra/artifacts/client.ts';
import { ReplyCache } from '#infra/llm/cache/reply-cache.ts';
import { shareReplyCache } from '#infra/llm/cache/shared.ts';
import type { Answered, ChatReply } from '#infra/llm/chat.ts';
import { ReplyCacheDamaged } from '#infra/llm/errors.ts';
import { modelSlug } from '#infra/llm/names.ts';
import { anyPort } from '../../servers/support.ts';
import { startStore, type TestStore } from '../s3.ts';

let store: TestStore;
beforeAll(async () => {
  store = await startStore();
});
afterAll(() => store.stop());

const keyOf = (name: number): string => name.toString(16).padStart(64, '0');
const replyOf = (name: number): ChatReply => ({ text: `reply ${name}`, finishReason: 'stop', refusal: null, usage: { promptTokens: 1, completionTokens: 2 } });
const paidFor = (name: number): Answered => ({ reply: replyOf(name), paid: true });
const newModel = (): string => `test/${randomUUID()}`;
const open = (model: string, folder: string): Promise<ReplyCache> => ReplyCache.open({ s3: store.s3, bucket: store.bucket, folder, model });
const keepAll = (cache: ReplyCache, from: number, to: number): Promise<void[]> => Promise.all(Array.from({ length: to - from }, (_, at) => cache.keep(keyOf(from + at), replyOf(from + at))));
const shardsOf = (model: string): string[] => {
  const folder = join(store.objects, 'replies', modelSlug(model));
  return readdirSync(folder).map((name) => join(folder, name));
};
const journalsIn = (folder: string, model: string): string => join(folder, modelSlug(model), 'journals');

describe('ReplyCache', () => {
  it('finds what was kept at once, and nothing else', async () => {
    const cache = await open(newModel(), await store.newFolder());
    await keepAll(cache, 0, 3);
    expect(await cache.find(keyOf(1))).toEqual(replyOf(1));
    expect(await cache.find(keyOf(9))).toBeNull();
    expect(cache.size).toBe(3);
    await cache.close();
    expect(await cache.find(keyOf(1))).toEqual(replyOf(1));
  });

  it('gives others what was flushed, in shards that a person can read', async () => {
    const model = newModel();
    const folder = await store.newFolder();
    const cache = await open(model, folder);
    await keepAll(cache, 0, 5);
    await cache.flush();
    expect(shardsOf(model)).toHaveLength(1);
    expect(gunzipSync(readFileSync(shardsOf(model)[0]!)).toString().split('\n')[4]).toBe(JSON.stringify({ key: keyOf(4), reply: replyOf(4) }));
    expect(await readdir(journalsIn(folder, model))).toEqual([]);
    const elsewhere = await open(model, await store.newFolder());
    expect(elsewhere.size).toBe(5);
    expect(await elsewhere.find(keyOf(4))).toEqual(replyOf(4));
    expect((await open(newModel(), folder)).size).toBe(0);
  });

  it('starts a new shard after a thousand replies, while more are kept and read', async () => {
    const model = newModel();
    const cache = await open(model, await store.newFolder());
    await Promise.all(Array.from({ length: 2_500 }, async (_, name) => {
      await cache.keep(keyOf(name), replyOf(name));
      expect(await cache.find(keyOf(name))).toEqual(replyOf(name));
    }));
    await cache.close();
    expect(shardsOf(model)).toHaveLength(3);
    const again = await open(model, await store.newFolder());
    expect(again.size).toBe(2_500);
  });

  it('takes over the journals of dead processes, half-written ends left out, and deletes them', async () => {
    const model = newModel();
    const folder = await store.newFolder();
    const dead = await open(model, folder);
    await keepAll(dead, 0, 4);
    const [journal] = await readdir(journalsIn(folder, model));
    const abandoned = join(journalsIn(folder, model), '1-1-dead.jsonl');
    renameSync(join(journalsIn(folder, model), journal!), abandoned);
    appendFileSync(abandoned, JSON.stringify({ key: keyOf(5), reply: replyOf(5) }).slice(0, 90));
    const openers = await Promise.all([open(model, folder), open(model, folder), open(model, folder)]);
    expect(openers.map(({ size }) => size).sort()).toContain(4);
    await Promise.all(openers.map((opener) => opener.close()));
    expect(await readdir(journalsIn(folder, model))).toEqual([]);
    const elsewhere = await open(model, await store.newFolder());
    expect([elsewhere.size, await elsewhere.find(keyOf(3)), await elsewhere.find(keyOf(5))]).toEqual([4, replyOf(3), null]);
  });

  it('does not touch the journal of a cache that is in use', async () => {
    const model = newModel();
    const folder = await store.newFolder();
    const one = await open(model, folder);
    await keepAll(one, 0, 2);
    const other = await open(model, folder);
    await keepAll(one, 2, 4);
    expect(other.size).toBe(0);
    await one.close();
    await other.refresh();
    expect(other.size).toBe(4);
  });

  it('keeps replies while the store is away, says so when it is flushed, and brings them there the next time', async () => {
    const model = newModel();
    const folder = await store.newFolder();
    const { connection, bucket } = store;
    const s3 = artifactClient(connection);
    const cut = await ReplyCache.open({ s3, bucket, folder, model });
    const { port } = new URL(`http://127.0.0.1:${await anyPort()}`);
    s3.config.endpoint = async () => ({ protocol: 'http:', hostname: '127.0.0.1', port: Number(port), path: '/' });
    s3.config.maxAttempts = async () => 1;
    await keepAll(cut, 0, 3);
    await expect(cut.flush()).rejects.toThrow(/ECONNREFUSED/);
    expect(await cut.find(keyOf(2))).toEqual(replyOf(2));
    await expect(cut.close()).rejects.toThrow(/ECONNREFUSED/);
    const next = await open(model, folder);
    expect(await next.find(keyOf(2))).toEqual(replyOf(2));
    await next.close();
    expect((await open(model, await store.newFolder())).size).toBe(3);
  });

  it('fetches copies that are gone or damaged again, and refuses damaged shards', async () => {
    const model = newModel();
    const folder = await store.newFolder();
    const cache = await open(model, folder);
    await keepAll(cache, 0, 3);
    await cache.close();
    const copies = join(folder, modelSlug(model), 'shards');
    const copy = join(copies, (await readdir(copies))[0]!);
    writeFileSync(copy, readFileSync(copy, 'utf8').replace('reply 1', 'reply 7'));
    expect(await (await open(model, folder)).find(keyOf(1))).toEqual(replyOf(1));
    const later = await open(model, folder);
    writeFileSync(copy, 'something else');
    await expect(later.find(keyOf(1))).rejects.toBeInstanceOf(ReplyCacheDamaged);
    await rm(copies, { recursive: true });
    expect((await open(model, folder)).size).toBe(3);
    writeFileSync(shardsOf(model)[0]!, 'no gzip');
    await expect(open(model, await store.newFolder())).rejects.toBeInstanceOf(ReplyCacheDamaged);
  });
});

describe('ReplyCache.answer', () => {
  it('makes one call for all who ask the same meanwhile', async () => {
    const cache = await open(newModel(), await store.newFolder());
    let calls = 0;
    const call = async (): Promise<Answered> => {
      calls += 1;
      await new Promise(setImmediate);
      await cache.keep(keyOf(1), replyOf(1));
      return paidFor(1);
    };
    const answers = await Promise.all(Array.from({ length: 20 }, () => cache.answer(keyOf(1), call)));
    answers.push(await cache.answer(keyOf(1), call));
    expect(calls).toBe(1);
    expect(answers.map(({ paid }) => paid).sort()).toEqual([...Array<boolean>(20).fill(false), true]);
    expect(answers.every(({ reply }) => reply.text === 'reply 1')).toBe(true);
  });

  it('asks anew where the one who asked was cancelled, and lets each stop for itself', async () => {
    const cache = await open(newModel(), await store.newFolder());
    const first = new AbortController();
    const third = new AbortController();
    const asked = cache.answer(keyOf(1), () => new Promise((_, reject) => first.signal.addEventListener('abort', () => reject(first.signal.reason))), first.signal);
    const second = cache.answer(keyOf(1), async () => paidFor(1));
    const cancelled = cache.answer(keyOf(1), async () => paidFor(1), third.signal);
    third.abort(new Error('third'));
    await expect(cancelled).rejects.toThrow('third');
    first.abort(new Error('first'));
    await expect(asked).rejects.toThrow('first');
    expect(await second).toEqual({ reply: replyOf(1), paid: true });
  });

  it('fails for all who wait where the call fails, and forgets it', async () => {
    const cache = await open(newModel(), await store.newFolder());
    const failing = () => new Promise<Answered>((_, reject) => setImmediate(() => reject(new Error('no'))));
    const answers = await Promise.allSettled([cache.answer(keyOf(1), failing), cache.answer(keyOf(1), failing)]);
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await cache.answer(keyOf(1), async () => paidFor(1))).toEqual({ reply: replyOf(1), paid: true });
  });
});

describe('shareReplyCache', () => {
  it('opens one cache for all users, and a new one only after the last has closed', async () => {
    const options = { s3: store.s3, bucket: store.bucket, folder: await store.newFolder(), model: newModel() };
    const [one, two] = await Promise.all([shareReplyCache(options), shareReplyCache(options)]);
    expect(one.cache).toBe(two.cache);
    await keepAll(one.cache, 0, 2);
    await one.release();
    await keepAll(two.cache, 2, 4);
    const [, next] = await Promise.all([two.release(), shareReplyCache(options)]);
    expect(next.cache).not.toBe(two.cache);
    expect(next.cache.size).toBe(4);
    await next.release();
    await next.release();
  });
});
