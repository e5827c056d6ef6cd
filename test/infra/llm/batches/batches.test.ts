import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type BatchOptions, type ChatRequest, collectBatches, CostCeilingReached, LlmRefused, NotCached, openCachedOnly, submitBatches as submitSome } from '#infra/llm/index.ts';
import { Objects } from '#infra/llm/objects.ts';
import { Accounts } from '#infra/llm/spending/accounts.ts';
import { TestEndpoint } from '../endpoint.ts';
import { completion } from '../protocol.ts';
import { startStore, type TestStore } from '../s3.ts';

let store: TestStore;
let server: TestEndpoint;
beforeAll(async () => {
  store = await startStore();
});
afterAll(() => store.stop());
beforeEach(async () => {
  server = await TestEndpoint.start();
});
afterEach(() => server.stop());

/** A reply of the test endpoint (100 and 50 tokens) costs 50 cents, half of it in a batch. */
const PRICE = { input: 1_000, output: 8_000 };
const DOLLARS_EACH = 0.25;

async function options(more: Partial<BatchOptions> = {}): Promise<BatchOptions> {
  return { ...store, folder: await store.newFolder(), env: server.env, model: `test/${randomUUID()}`, ledger: randomUUID(), price: PRICE, limits: { requests: 4, bytes: 1_000_000 }, retry: { baseMs: 5 }, ...more };
}
const requestsOf = ({ model }: BatchOptions, count: number): ChatRequest[] =>
  Array.from({ length: count }, (_, number) => ({ model, messages: [{ role: 'user', content: `request ${number}` }], parameters: { temperature: 1, maxTokens: 64 }, attempt: 0 }));

/** Those of the requests that the cache cannot answer; the replies of the others are checked. */
async function missing(requests: ChatRequest[], given: BatchOptions): Promise<ChatRequest[]> {
  const asker = await openCachedOnly(given);
  const left: ChatRequest[] = [];
  for (const request of requests) {
    try {
      expect((await asker.ask(request)).reply.text).toBe(`reply to ${request.messages[0]!.content}`);
    } catch (error) {
      if (!(error instanceof NotCached)) throw error;
      left.push(error.request);
    }
  }
  await asker.close();
  return left;
}
/** All of them: nothing is left for want of room. */
async function submitBatches(requests: ChatRequest[], given: BatchOptions): Promise<string[]> {
  const { batches, more } = await submitSome(requests, given);
  expect(more).toBe(false);
  return batches;
}
const account = (given: BatchOptions) => new Accounts({ objects: new Objects(store), ledger: given.ledger }).sum();

describe('batches', () => {
  it('answer all requests, at half the price, once they are done', async () => {
    const given = await options();
    const requests = requestsOf(given, 10);
    const ids = await submitBatches(requests, given);
    expect(ids).toHaveLength(3);
    expect(await collectBatches(ids, given)).toEqual({ pending: 3 });
    expect(await missing(requests, given)).toHaveLength(10);
    server.batches.finish();
    expect(await collectBatches(ids, given)).toEqual({ pending: 0 });
    expect(await missing(requests, given)).toEqual([]);
    expect(await missing(requests, { ...given, folder: await store.newFolder() })).toEqual([]);
    const { spent, claimed } = await account(given);
    expect([spent, claimed]).toEqual([10 * DOLLARS_EACH, 10 * DOLLARS_EACH]);
    expect((await readdir(given.folder)).filter((name) => name.startsWith('batch-'))).toEqual([]);
  });

  it('are collected once, however often that is done', async () => {
    const given = await options();
    const ids = await submitBatches(requestsOf(given, 3), given);
    server.batches.finish();
    await Promise.all([collectBatches(ids, given), collectBatches(ids, given)]);
    await collectBatches(ids, given);
    await collectBatches(ids, { ...given, folder: await store.newFolder() });
    expect((await account(given)).spent).toBe(3 * DOLLARS_EACH);
  });

  it('are submitted once, however often that is done: while they wait, and while their replies wait', async () => {
    const given = await options();
    const requests = requestsOf(given, 6);
    const ids = await submitBatches(requests, given);
    expect(await submitBatches(requests.toReversed(), { ...given, folder: await store.newFolder() })).toEqual(ids);
    const { claimed } = await account(given);
    server.batches.finish();
    expect(await submitBatches(requests, given)).toEqual(ids);
    expect((await account(given)).claimed).toBe(claimed);
    expect(server.batches.all).toHaveLength(2);
    await collectBatches(ids, given);
    expect(await submitBatches(await missing(requests, given), given)).toEqual([]);
  });

  it('are made anew where they came to nothing', async () => {
    const given = await options();
    const requests = requestsOf(given, 3);
    server.behave = () => ({ kind: 'status', status: 500 });
    const ids = await submitBatches(requests, given);
    server.batches.finish();
    expect(await collectBatches(ids, given)).toEqual({ pending: 0 });
    expect((await account(given)).claimed).toBe(0);
    server.behave = () => undefined;
    const again = await submitBatches(await missing(requests, given), given);
    expect(again).not.toEqual(ids);
    server.batches.finish();
    await collectBatches(again, given);
    expect(await missing(requests, given)).toEqual([]);
  });

  it('leave what failed, is no reply or came too late for the next batch, and nothing is paid twice for what did not', async () => {
    const given = await options({ limits: { requests: 100, bytes: 1_000_000 } });
    const requests = requestsOf(given, 20);
    server.behave = ({ prompt, times }) => {
      const number = Number(prompt.split(' ')[1]);
      if (times > 1) return undefined;
      if (number % 5 === 0) return { kind: 'status', status: 429 };
      if (number % 5 === 1) return { kind: 'drop' };
      return number === 2 ? { kind: 'body', body: '{"choices":[]}' } : undefined;
    };
    const first = await submitBatches(requests, given);
    server.batches.finish(15);
    expect(await collectBatches(first, given)).toEqual({ pending: 0 });
    const left = await missing(requests, given);
    expect(left.length).toBeGreaterThan(5);
    expect(left.length).toBeLessThan(20);
    const second = await submitBatches(left, given);
    server.behave = () => undefined;
    server.batches.finish();
    await collectBatches(second, given);
    expect(await missing(requests, given)).toEqual([]);
    // Only the reply that was none can have been paid for in vain.
    for (const { messages } of requests) if (messages[0]!.content !== 'request 2') expect(server.charged.get(messages[0]!.content)).toBe(1);
  });

  it('that someone cancelled keep what was answered, and the rest is asked again', async () => {
    const given = await options();
    const requests = requestsOf(given, 4);
    const first = await submitBatches(requests, given);
    server.batches.finish(3, 'cancelled');
    server.batches.cutFiles = 2;
    expect(await collectBatches(first, given)).toEqual({ pending: 0 });
    expect(await missing(requests, given)).toHaveLength(1);
    expect((await account(given)).claimed).toBe(3 * DOLLARS_EACH);
    const second = await submitBatches(await missing(requests, given), given);
    server.batches.finish(0, 'cancelled');
    expect(await collectBatches(second, given)).toEqual({ pending: 0 });
    const third = await submitBatches(await missing(requests, given), given);
    expect(third).not.toEqual(second);
    server.batches.finish();
    await collectBatches(third, given);
    expect(await missing(requests, given)).toEqual([]);
    expect(server.totalCharged).toBe(4);
  });

  it('are not what every endpoint has, and say so', async () => {
    const given = await options();
    server.batches.absent = true;
    await expect(submitBatches(requestsOf(given, 1), given)).rejects.toThrow(/does not let us use its Batch API.*mode "online".*404/);
  });

  it('never cost more than the ceiling together, where several are submitted at the same moment', async () => {
    const given = await options({ costCeilingDollars: 3 });
    const model = given.model;
    const submit = async (from: number) => {
      const requests = Array.from({ length: 8 }, (_, number): ChatRequest => ({ model, messages: [{ role: 'user', content: `request ${from + number}` }], parameters: { temperature: 1, maxTokens: 64 }, attempt: 0 }));
      return submitSome(requests, { ...given, folder: await store.newFolder() });
    };
    const ends = await Promise.allSettled([submit(0), submit(100)]);
    for (const end of ends) if (end.status === 'rejected') expect(end.reason).toBeInstanceOf(CostCeilingReached);
    // Each has two files that may cost $1.04: there is room for two of the four, of one of them or of both, as chance has it.
    const made = ends.map((end) => (end.status === 'fulfilled' ? end.value : { batches: [], more: true }));
    expect(made.some(({ more }) => more)).toBe(true);
    expect(made.flatMap(({ batches }) => batches).length).toBeLessThanOrEqual(2);
    expect(server.batches.all.length).toBe(made.flatMap(({ batches }) => batches).length);
    expect((await account(given)).claimed).toBeLessThanOrEqual(3);
  });

  it('are made as far as there is room under the ceiling, and the others once these are collected', async () => {
    const given = await options({ costCeilingDollars: 2.55 });
    const requests = requestsOf(given, 10);
    const made: number[] = [];
    for (let left = requests; left.length > 0; left = await missing(requests, given)) {
      const { batches, more } = await submitSome(left, given);
      made.push(batches.length);
      // The same again, as after a crash: the same batches, and no more.
      expect(await submitSome(left, given)).toEqual({ batches, more });
      expect((await account(given)).claimed).toBeLessThanOrEqual(2.55);
      server.batches.finish();
      await collectBatches(batches, given);
      expect(more).toBe(made.length === 1);
    }
    // Files of 4, 4 and 2 requests that may cost $0.26 each, and do cost $0.25.
    expect(made).toEqual([2, 1]);
    expect(await account(given)).toEqual({ claimed: 2.5, spent: 2.5 });
    expect(server.totalCharged).toBe(10);
  });

  it('stop at the ceiling before anything is submitted', async () => {
    const given = await options({ costCeilingDollars: 1, remedy: 'raise it' });
    const requests = requestsOf(given, 10);
    const error = await submitBatches(requests, given).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(CostCeilingReached);
    expect(String(error)).toMatch(/spent \$0\.00 of \$1\.00 .* could cost \$1\.0\d; raise it with: raise it$/);
    expect(server.batches.all).toHaveLength(0);
    expect((await account(given)).claimed).toBe(0);
    expect(await submitBatches(requests, { ...given, costCeilingDollars: 5 })).toHaveLength(3);
    // What waits in batches is taken: under the old ceiling there is no room.
    await expect(submitBatches(requestsOf(given, 14).slice(10), given)).rejects.toBeInstanceOf(CostCeilingReached);
  });

  it('that the endpoint refuses as a whole fail with its reason, once the others are in the cache', async () => {
    const given = await options();
    const requests = requestsOf(given, 8);
    const [first, second] = await submitBatches(requests, given) as [string, string];
    server.batches.fail(1, 'invalid_model', 'The model cannot be used in batches');
    server.batches.finish();
    const error = await collectBatches([first, second], given).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(LlmRefused);
    expect(String(error)).toContain(`refused batch ${second}: The model cannot be used in batches`);
    expect(await missing(requests, given)).toHaveLength(4);
    expect(await account(given)).toEqual({ spent: 4 * DOLLARS_EACH, claimed: 4 * DOLLARS_EACH });
  });

  it('that found the endpoint’s queue full are made again after the others, unless there are none', async () => {
    const given = await options();
    const ids = await submitBatches(requestsOf(given, 8), given);
    server.batches.fail(1, 'token_limit_exceeded', 'Enqueued token limit reached');
    expect(await collectBatches(ids, given)).toEqual({ pending: 1 });
    server.batches.finish();
    expect(await collectBatches(ids, given)).toEqual({ pending: 0 });
    await expect(collectBatches([ids[1]!], given)).rejects.toThrow(/Enqueued token limit reached/);
  });

  it('with a request that will never be answered fail with its reason, once all others are in the cache', async () => {
    const given = await options();
    const requests = requestsOf(given, 8);
    server.behave = ({ prompt }) => (prompt === 'request 5' ? { kind: 'status', status: 400, error: { message: 'max_completion_tokens is too large' } } : undefined);
    const ids = await submitBatches(requests, given);
    server.batches.finish();
    const error = await collectBatches(ids, given).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(LlmRefused);
    expect(String(error)).toContain('400 max_completion_tokens is too large');
    expect(await missing(requests, given)).toEqual([requests[5]]);
  });

  it('whose replies do not say what they took are held at the most that it may have been', async () => {
    const given = await options();
    const requests = requestsOf(given, 4);
    server.behave = ({ prompt }) => (prompt === 'request 2' ? { kind: 'body', body: JSON.stringify({ ...completion(`reply to ${prompt}`), usage: null }) } : undefined);
    const ids = await submitBatches(requests, given);
    const { claimed } = await account(given);
    server.batches.finish();
    await collectBatches(ids, given);
    expect(await missing(requests, given)).toEqual([]);
    expect(await account(given)).toEqual({ claimed, spent: 0 });
  });

  it('say what may be done where they are not written as the endpoint wants it', async () => {
    const given = await options({ tokensField: 'max_completion_tokens' });
    const requests = requestsOf(given, 1);
    server.behave = ({ body }) => (body.max_tokens === undefined ? { kind: 'status', status: 400, error: { message: "Unsupported parameter: 'max_completion_tokens'" } } : undefined);
    const ids = await submitBatches(requests, given);
    server.batches.finish();
    await expect(collectBatches(ids, given)).rejects.toThrow(/Unsupported parameter: 'max_completion_tokens' \(.*tokensField/);
    const others = { ...given, tokensField: 'max_tokens' as const };
    const again = await submitBatches(await missing(requests, others), others);
    server.batches.finish();
    await collectBatches(again, others);
    expect(await missing(requests, others)).toEqual([]);
  });

  it('are not made twice where the endpoint’s answer is lost', async () => {
    const given = await options();
    server.batches.lostAnswers = 1;
    const ids = await submitBatches(requestsOf(given, 3), given);
    expect(server.batches.all.map(({ id }) => id)).toEqual(ids);
  });

  it('are agreed on where two submit the same at the same moment', async () => {
    const given = await options();
    const requests = requestsOf(given, 3);
    const [one, other] = await Promise.all([submitBatches(requests, given), submitBatches(requests, given)]);
    expect(one).toEqual(other);
    expect(server.batches.all.filter(({ status }) => status === 'in_progress').map(({ id }) => id)).toEqual(one);
  });
});
