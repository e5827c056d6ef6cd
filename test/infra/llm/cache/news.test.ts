import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { News } from '#infra/llm/cache/news.ts';
import { Objects } from '#infra/llm/objects.ts';
import { TestClock } from '../clock.ts';
import { startStore, type TestStore } from '../s3.ts';

let store: TestStore;
beforeAll(async () => {
  store = await startStore();
});
afterAll(() => store.stop());

function workers(): [News, News, TestClock] {
  const [objects, model, clock] = [new Objects(store), `test/${randomUUID()}`, new TestClock()];
  return [new News({ objects, model, clock }), new News({ objects, model, clock }), clock];
}

describe('News', () => {
  it('is there once another told it, until one has looked since', async () => {
    const [one, other] = workers();
    expect(await one.isThere()).toBe(false);
    await other.tell();
    const latest = await one.latest();
    await other.tell();
    one.know(latest);
    expect(await one.isThere(), 'what was told while one looked').toBe(true);
    one.know(await one.latest());
    expect(await one.isThere()).toBe(false);
  });

  it('ends the waiting of all, one of whom learns of it', async () => {
    const [one, other] = workers();
    let learnt = 0;
    const waiting = Promise.all([1, 2, 3].map(() => one.wait(async () => void (learnt += 1))));
    await other.tell();
    await waiting;
    expect(learnt).toBe(1);
  });

  it('is waited for a while only, and not by who was told to stop', async () => {
    const [one, , clock] = workers();
    const begun = clock.now();
    const learn = () => expect.fail('there is no news');
    await one.wait(learn);
    expect(clock.now() - begun).toBe(15_000);
    const controller = new AbortController();
    const reason = new Error('cancelled');
    const stopped = one.wait(learn, controller.signal);
    controller.abort(reason);
    await expect(stopped).rejects.toBe(reason);
  });
});
