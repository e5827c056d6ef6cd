import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AskerOptions, CachedOnly, type ChatRequest, CostCeilingReached, LlmNotConfigured, LlmRefused, LlmUnavailable, NotCached, type OpenAsker, openAsker, PriceUnknown } from '#infra/llm/index.ts';
import { ReplyCache } from '#infra/llm/cache/reply-cache.ts';
import { claimPrefix } from '#infra/llm/names.ts';
import { Objects } from '#infra/llm/objects.ts';
import { Accounts } from '#infra/llm/spending/accounts.ts';
import { type Behaviour, TestEndpoint } from './endpoint.ts';
import { completion } from './protocol.ts';
import { startStore, type TestStore } from './s3.ts';

let store: TestStore;
let server: TestEndpoint;
const opened: OpenAsker[] = [];
beforeAll(async () => {
  store = await startStore();
});
afterAll(() => store.stop());
beforeEach(async () => {
  server = await TestEndpoint.start();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((asker) => asker.close()));
  await server.stop();
});

async function options(more: Partial<AskerOptions> = {}): Promise<AskerOptions> {
  return { ...store, folder: await store.newFolder(), env: server.env, model: `test/${randomUUID()}`, concurrency: 16, ledger: randomUUID(), retry: { baseMs: 10 }, ...more };
}
async function open(given: AskerOptions): Promise<OpenAsker> {
  const asker = await openAsker(given);
  opened.push(asker);
  return asker;
}
const requestOf = (model: string, prompt: string | number, attempt = 0): ChatRequest => ({ model, messages: [{ role: 'user', content: `request ${prompt}` }], parameters: { temperature: 1, maxTokens: 64 }, attempt });
const askAll = (asker: OpenAsker, model: string, count: number) => Promise.all(Array.from({ length: count }, (_, number) => asker.ask(requestOf(model, number))));
/** Makes a reply of the test endpoint (100 and 50 tokens) cost half a dollar. */
const PRICE = { input: 1_000, output: 8_000 };
const DOLLARS_EACH = 0.5;

describe('openAsker', () => {
  it('pays for each request once: again is from the cache, also for another asker, and another attempt is another request', async () => {
    const given = await options();
    const asker = await open(given);
    expect(await asker.ask(requestOf(given.model, 1))).toMatchObject({ paid: true, reply: { text: 'reply to request 1', finishReason: 'stop', usage: { promptTokens: 100, completionTokens: 50 } } });
    expect(await asker.ask(requestOf(given.model, 1))).toMatchObject({ paid: false, reply: { text: 'reply to request 1' } });
    expect(await asker.ask(requestOf(given.model, 1, 1))).toMatchObject({ paid: true });
    await asker.close();
    const elsewhere = await open({ ...given, folder: await store.newFolder() });
    expect(await elsewhere.ask(requestOf(given.model, 1))).toMatchObject({ paid: false, reply: { text: 'reply to request 1' } });
    expect(server.totalCharged).toBe(2);
    expect(elsewhere.stats()).toMatchObject({ calls: 1, paid: 0, faults: 0, dollars: null });
  });

  it('asks one request once for all who want it meanwhile, and never more at a time than allowed', async () => {
    const given = await options({ concurrency: 4 });
    const [one, other] = await Promise.all([open(given), open(given)]);
    server.behave = () => ({ kind: 'reply', afterMs: 5 });
    const answers = await Promise.all([askAll(one!, given.model, 40), askAll(other!, given.model, 40), askAll(one!, given.model, 40)]);
    expect(server.totalCharged).toBe(40);
    expect(answers.flat().filter(({ paid }) => paid)).toHaveLength(40);
    expect(server.mostUnderWay).toBeLessThanOrEqual(8);
  });

  it('pays once for what two workers, each with a disk of its own, ask at the same moment', async () => {
    const given = await options({ concurrency: 8 });
    const [one, other] = await Promise.all([open(given), open({ ...given, folder: await store.newFolder() })]);
    server.behave = ({ number }) => (number % 9 === 0 ? { kind: 'status', status: 500 } : { kind: 'reply', afterMs: 20 });
    const answers = await Promise.all([askAll(one!, given.model, 24), askAll(other!, given.model, 24)]);
    expect(server.totalCharged).toBe(24);
    expect(answers.flat().filter(({ paid }) => paid)).toHaveLength(24);
    for (const mine of answers) expect(mine.map(({ reply }) => reply.text)).toEqual(Array.from({ length: 24 }, (_, number) => `reply to request ${number}`));
    expect(one!.stats().calls + other!.stats().calls).toBe(48);
    // Each wrote its part: neither did nothing but wait.
    expect([one!, other!].every((asker) => asker.stats().paid > 0)).toBe(true);
    await Promise.all([one!.close(), other!.close()]);
    expect(await new Objects(store).list(claimPrefix(given.model))).toEqual([]);
  });

  it('pays for nothing that another worker stored after it had looked', async () => {
    const given = await options();
    const early = await open({ ...given, folder: await store.newFolder() });
    const other = await open(given);
    await askAll(other, given.model, 5);
    await other.close();
    expect((await askAll(early, given.model, 5)).some(({ paid }) => paid)).toBe(false);
    expect(server.totalCharged).toBe(5);
  });

  it('waits for a store that is away, and loses and doubles nothing', async () => {
    const given = await options({ concurrency: 4, costCeilingDollars: 1000, price: PRICE, requestsPerMinute: 10_000 });
    const asker = await open(given);
    server.behave = () => ({ kind: 'reply', afterMs: 20 });
    const asked = askAll(asker, given.model, 60);
    await expect.poll(() => server.totalCharged, { timeout: 30_000 }).toBeGreaterThan(8);
    await store.away(3_000);
    expect((await asked).filter(({ paid }) => paid)).toHaveLength(60);
    expect(server.totalCharged).toBe(60);
    await asker.close();
    expect((await ReplyCache.open({ ...given, folder: await store.newFolder() })).size).toBe(60);
  });

  it('fails where the store stays away longer, and may be asked again', async () => {
    const given = await options({ patienceMs: 0 });
    const asker = await open(given);
    const away = store.away(5_000);
    let asked = 0;
    await expect.poll(() => asker.ask(requestOf(given.model, (asked += 1))).catch((error: unknown) => error), { timeout: 30_000 }).toBeInstanceOf(Error);
    await away;
    expect(await asker.ask(requestOf(given.model, asked))).toMatchObject({ paid: true });
  });

  it('leaves what it could not ask to others at once', async () => {
    const given = await options({ retry: { tries: 1 } });
    const [one, other] = [await open(given), await open({ ...given, folder: await store.newFolder() })];
    server.behave = () => ({ kind: 'status', status: 500 });
    await expect(one.ask(requestOf(given.model, 1))).rejects.toBeInstanceOf(LlmUnavailable);
    server.behave = () => undefined;
    expect(await other.ask(requestOf(given.model, 1))).toMatchObject({ paid: true });
  });

  it('loses and doubles nothing at an endpoint that misbehaves in every way', async () => {
    const given = await options({ timeoutMs: 1_500, retry: { baseMs: 5 } });
    const asker = await open(given);
    const wrong: Behaviour[] = [
      { kind: 'status', status: 429, headers: { 'retry-after-ms': '20' } },
      { kind: 'status', status: 500 },
      { kind: 'status', status: 503 },
      { kind: 'drop' },
      { kind: 'cut' },
      { kind: 'body', body: '{"choices":[' },
      { kind: 'body', body: '{"choices":[],"usage":{}}' },
      { kind: 'hang' },
    ];
    // The first two tries of most requests go wrong; every tenth is refused by the model, which is a reply.
    server.behave = ({ prompt, times }) => {
      const number = Number(prompt.split(' ')[1]);
      if (times <= 2 && number % 3 !== 0) return wrong[(number + times) % wrong.length];
      return number % 10 === 0 ? { kind: 'refusal', text: 'no' } : undefined;
    };
    const answers = await askAll(asker, given.model, 120);
    answers.forEach(({ reply, paid }, number) => {
      expect(paid).toBe(true);
      expect(reply).toMatchObject(number % 10 === 0 ? { text: '', refusal: 'no' } : { text: `reply to request ${number}`, refusal: null });
    });
    const lost = [...server.received.entries()].reduce((sum, [, times]) => sum + times - 1, 0);
    expect(asker.stats()).toMatchObject({ calls: 120, paid: 120, faults: lost });
    // Beyond the 120 replies, only those were charged that the endpoint made and cut off or garbled.
    expect(server.totalCharged).toBeLessThan(server.requests);
    const before = server.requests;
    await askAll(asker, given.model, 120);
    expect(server.requests).toBe(before);
  });

  it('weathers a storm of 429s: fewer at a time, none before the time that was given, and more again after', async () => {
    const given = await options({ concurrency: 16 });
    const asker = await open(given);
    let until = 0;
    let early = 0;
    server.behave = ({ number }) => {
      if (number <= 16) {
        until ||= Date.now() + 500;
        return { kind: 'status', status: 429, headers: { 'retry-after-ms': '500' } };
      }
      if (Date.now() < until) early += 1;
      return undefined;
    };
    await askAll(asker, given.model, 60);
    expect(early).toBe(0);
    expect(server.totalCharged).toBe(60);
    expect(asker.stats().limit).toBeGreaterThan(8);
    expect(asker.stats().limit).toBeLessThan(16);
  });

  it('gives up in the end where an endpoint serves nothing, but may be asked again', async () => {
    const given = await options({ retry: { tries: 3, baseMs: 1 } });
    const asker = await open(given);
    server.behave = () => ({ kind: 'status', status: 500 });
    await expect(asker.ask(requestOf(given.model, 1))).rejects.toBeInstanceOf(LlmUnavailable);
    expect(server.requests).toBe(3);
    server.behave = () => undefined;
    expect(await asker.ask(requestOf(given.model, 1))).toMatchObject({ paid: true });
  });

  it('is refused at once, without a try too many', async () => {
    const given = await options();
    const asker = await open(given);
    server.behave = () => ({ kind: 'status', status: 404, error: { message: 'The model does not exist' } });
    const error = await asker.ask(requestOf(given.model, 1)).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(LlmRefused);
    expect(String(error)).toContain('The model does not exist');
    expect(server.requests).toBe(1);
    await expect(asker.ask(requestOf('another', 1))).rejects.toThrow(/model another was given to an asker of test/);
  });

  it('stops what it does when it is told to', async () => {
    const given = await options({ concurrency: 2 });
    const asker = await open(given);
    server.behave = () => ({ kind: 'hang' });
    const controller = new AbortController();
    const reason = new Error('cancelled');
    const asked = Array.from({ length: 5 }, (_, number) => asker.ask(requestOf(given.model, number), controller.signal));
    await expect.poll(() => server.underWay).toBe(2);
    controller.abort(reason);
    for (const end of await Promise.allSettled(asked)) expect(end).toMatchObject({ status: 'rejected', reason });
    await expect.poll(() => server.underWay).toBe(0);
    expect(server.requests).toBe(2);
  });

  it('finishes what is under way when it is closed, keeps it, and starts nothing more', async () => {
    const given = await options({ concurrency: 3 });
    const asker = await open(given);
    server.behave = () => ({ kind: 'reply', afterMs: 100 });
    const asked = Promise.allSettled(Array.from({ length: 6 }, (_, number) => asker.ask(requestOf(given.model, number))));
    await expect.poll(() => server.underWay).toBe(3);
    await asker.close();
    expect((await asked).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected', 'rejected']);
    const again = await open(given);
    await askAll(again, given.model, 6);
    expect(server.totalCharged).toBe(6);
  });

  it('has all replies in the store after a flush, and what they cost in the ledger', async () => {
    const given = await options({ price: PRICE });
    const asker = await open(given);
    await askAll(asker, given.model, 5);
    await asker.flush();
    const elsewhere = await ReplyCache.open({ ...given, folder: await store.newFolder() });
    expect(elsewhere.size).toBe(5);
    expect((await new Accounts({ objects: new Objects(store), ledger: given.ledger }).sum()).spent).toBeCloseTo(5 * DOLLARS_EACH, 6);
  });

  it('keeps to requests per minute without losing any', async () => {
    const given = await options({ requestsPerMinute: 1_000 });
    const asker = await open(given);
    await askAll(asker, given.model, 60);
    expect(server.totalCharged).toBe(60);
  });

  it('stops at the ceiling, finishes what is under way, and goes on under a higher one without paying again', async () => {
    const given = await options({ price: PRICE, costCeilingDollars: 10, remedy: 'raise it' });
    const asker = await open(given);
    server.behave = () => ({ kind: 'reply', afterMs: 5 });
    const ends = await Promise.allSettled(Array.from({ length: 40 }, (_, number) => asker.ask(requestOf(given.model, number))));
    const failed = ends.filter((end) => end.status === 'rejected');
    for (const { reason } of failed) expect(reason).toBeInstanceOf(CostCeilingReached);
    expect(failed[0]!.reason).toHaveProperty('message', expect.stringMatching(/spent \$[\d.]+ of \$10\.00 for .*; raise it with: raise it$/));
    // The last one held more than it cost, so up to one too few.
    expect(server.totalCharged).toBeGreaterThanOrEqual(19);
    expect(server.totalCharged).toBeLessThanOrEqual(20);
    expect(asker.stats().dollars).toBeCloseTo(server.totalCharged * DOLLARS_EACH, 6);
    await asker.close();
    const raised = await open({ ...given, costCeilingDollars: 100 });
    await askAll(raised, given.model, 40);
    expect(server.totalCharged).toBe(40);
    await raised.close();
    const { spent, claimed } = await new Accounts({ objects: new Objects(store), ledger: given.ledger }).sum();
    expect(spent).toBeCloseTo(40 * DOLLARS_EACH, 6);
    expect(claimed).toBeCloseTo(spent, 6);
  });

  it('counts replies that were lost on the way as if they had been as long as they might', async () => {
    const given = await options({ price: PRICE, retry: { tries: 2, baseMs: 1 } });
    const asker = await open(given);
    server.behave = () => ({ kind: 'cut' });
    await expect(asker.ask(requestOf(given.model, 1))).rejects.toBeInstanceOf(LlmUnavailable);
    // 64 tokens out, 3 + 4 in, twice.
    expect(asker.stats().dollars).toBeCloseTo(2 * ((64 * 8_000 + 7 * 1_000) / 1_000_000), 9);
    server.behave = () => ({ kind: 'status', status: 500 });
    await expect(asker.ask(requestOf(given.model, 2))).rejects.toBeInstanceOf(LlmUnavailable);
    expect(asker.stats().dollars).toBeCloseTo(2 * ((64 * 8_000 + 7 * 1_000) / 1_000_000), 9);
  });

  it('counts what replies took by their texts, where the endpoint does not say, also when they come from the cache', async () => {
    const given = await options({ price: PRICE });
    const asker = await open(given);
    server.behave = () => ({ kind: 'body', body: JSON.stringify({ ...completion('x'.repeat(30)), usage: undefined }) });
    expect((await asker.ask(requestOf(given.model, 1))).reply.usage).toBeNull();
    // 10 tokens out, 3 + 4 in.
    expect(asker.stats().dollars).toBeCloseTo((10 * 8_000 + 7 * 1_000) / 1_000_000, 9);
    await asker.close();
    expect(await (await open(given)).ask(requestOf(given.model, 1))).toMatchObject({ paid: false, reply: { usage: null } });
  });

  it('asks in the words that the endpoint knows, and keeps the reply under the same key', async () => {
    const given = await options();
    const asker = await open(given);
    server.behave = ({ body }) => (body.max_tokens === undefined ? undefined : { kind: 'status', status: 400, error: { message: "Unsupported parameter: 'max_tokens'", param: 'max_tokens' } });
    await askAll(asker, given.model, 3);
    const { rewritten, ...stats } = asker.stats();
    expect(stats).toMatchObject({ calls: 3, paid: 3, faults: 0 });
    // Those that were on their way when the first refusal came.
    expect([1, 2, 3]).toContain(rewritten);
    await asker.close();
    expect(await (await open({ ...given, tokensField: 'max_completion_tokens' })).ask(requestOf(given.model, 2))).toMatchObject({ paid: false });
    expect(server.totalCharged).toBe(3);
  });

  it('needs a key, and a price under a ceiling', async () => {
    await expect(openAsker(await options({ env: {} }))).rejects.toBeInstanceOf(LlmNotConfigured);
    await expect(openAsker(await options({ costCeilingDollars: 5 }))).rejects.toBeInstanceOf(PriceUnknown);
  });
});

describe('CachedOnly', () => {
  it('answers what was paid for before, and names what was not', async () => {
    const given = await options();
    const asker = await open(given);
    await asker.ask(requestOf(given.model, 1));
    await asker.close();
    const cached = new CachedOnly(await ReplyCache.open(given));
    expect(await cached.ask(requestOf(given.model, 1))).toMatchObject({ paid: false, reply: { text: 'reply to request 1' } });
    const missing = await cached.ask(requestOf(given.model, 2)).catch((error: unknown) => error);
    expect(missing).toBeInstanceOf(NotCached);
    expect(missing).toHaveProperty('request', requestOf(given.model, 2));
    expect(server.requests).toBe(1);
  });
});
