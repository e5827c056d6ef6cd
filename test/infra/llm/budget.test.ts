import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MinuteBudget } from '#infra/llm/budget.ts';
import { budgetPrefix } from '#infra/llm/names.ts';
import { Objects } from '#infra/llm/objects.ts';
import { TestClock } from './clock.ts';
import { startStore, type TestStore } from './s3.ts';

let store: TestStore;
beforeAll(async () => {
  store = await startStore();
});
afterAll(() => store.stop());

const MINUTE = 60_000;
const budget = (model: string, limits: { requestsPerMinute?: number; tokensPerMinute?: number }, clock: TestClock) => new MinuteBudget({ objects: new Objects(store), model, clock, ...limits });

/** How many of the budgets' grants fell into which minute from `start`. */
async function perMinute(clock: TestClock, start: number, takes: (() => Promise<void>)[]): Promise<number[]> {
  const minutes: number[] = [];
  for (const take of takes) {
    await take();
    const minute = Math.floor((clock.now() - start) / MINUTE);
    minutes[minute] = (minutes[minute] ?? 0) + 1;
  }
  return Array.from(minutes, (count) => count ?? 0);
}

describe('MinuteBudget', () => {
  it('grants so many requests a minute, over all workers', async () => {
    const clock = new TestClock();
    const workers = [1, 2, 3].map(() => budget('requests', { requestsPerMinute: 45 }, clock));
    const start = clock.now();
    const minutes = await Promise.all(workers.map((worker) => perMinute(clock, start, Array.from({ length: 30 }, () => () => worker.take(10)))));
    const total = [0, 1, 2, 3, 4].map((minute) => minutes.reduce((sum, worker) => sum + (worker[minute] ?? 0), 0));
    expect(Math.max(...total)).toBeLessThanOrEqual(45);
    expect(total.reduce((sum, count) => sum + count)).toBe(90);
  });

  it('grants so many tokens a minute, and all of a minute to a larger request', async () => {
    const clock = new TestClock();
    const one = budget('tokens', { tokensPerMinute: 1_000 }, clock);
    expect(await perMinute(clock, clock.now(), [300, 300, 300, 300, 5_000, 900].map((tokens) => () => one.take(tokens)))).toEqual([3, 1, 1, 1]);
  });

  it('keeps both limits', async () => {
    const clock = new TestClock();
    const one = budget('both', { requestsPerMinute: 3, tokensPerMinute: 100 }, clock);
    expect(await perMinute(clock, clock.now(), [1, 1, 1, 1, 60, 60].map((tokens) => () => one.take(tokens)))).toEqual([3, 2, 1]);
  });

  it('asks the store for nothing where there is no limit', async () => {
    await new MinuteBudget({ objects: new Objects(store), model: 'none' }).take(1_000_000);
    expect(existsSync(join(store.objects, budgetPrefix('none')))).toBe(false);
  });

  it('leaves no objects of old minutes behind', async () => {
    const clock = new TestClock();
    const one = budget('old', { requestsPerMinute: 1 }, clock);
    for (let taken = 0; taken < 15; taken += 1) await one.take(1);
    expect(readdirSync(join(store.objects, budgetPrefix('old'))).length).toBeLessThanOrEqual(6);
  });

  it('stops waiting when it is told to, and goes on with the others', async () => {
    const clock = new TestClock();
    const one = budget('aborted', { requestsPerMinute: 1 }, clock);
    const controller = new AbortController();
    await one.take(1);
    const reason = new Error('cancelled');
    controller.abort(reason);
    await expect(one.take(1, controller.signal)).rejects.toBe(reason);
    await one.take(1);
  });
});
