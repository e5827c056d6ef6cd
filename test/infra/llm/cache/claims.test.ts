import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Claims } from '#infra/llm/cache/claims.ts';
import { claimPrefix } from '#infra/llm/names.ts';
import { Objects } from '#infra/llm/objects.ts';
import { TestClock } from '../clock.ts';
import { startStore, type TestStore } from '../s3.ts';

let store: TestStore;
beforeAll(async () => {
  store = await startStore();
});
afterAll(() => store.stop());

const KEY = 'a'.repeat(64);
const CALL_MS = 10_000;
function workers() {
  const [objects, model, clock] = [new Objects(store), `test/${randomUUID()}`, new TestClock()];
  const worker = (home: string) => new Claims({ objects, model, home, clock });
  /** As a process of this disk, or of another, leaves it that is killed. */
  const leave = (home: string, until: number) => objects.writeNew(`${claimPrefix(model)}${KEY}.000000`, JSON.stringify({ home, owner: '1-1-dead.jsonl', until }));
  const there = () => objects.list(claimPrefix(model));
  return { clock, worker, leave, there };
}

describe('Claims', () => {
  it('gives a request to one of several workers, and to the next once it is released', async () => {
    const { worker, there } = workers();
    const all = [worker('here'), worker('here'), worker('elsewhere')];
    const taken = await Promise.all(all.map((one) => one.take(KEY, CALL_MS)));
    expect(taken.filter((claim) => claim !== null)).toHaveLength(1);
    const owner = taken.findIndex((claim) => claim !== null);
    const other = all[(owner + 1) % 3]!;
    expect(await other.take(KEY, CALL_MS)).toBeNull();
    expect(await other.take('b'.repeat(64), CALL_MS)).not.toBeNull();
    await all[owner]!.release([taken[owner]!]);
    expect(await other.take(KEY, CALL_MS)).toMatchObject({ key: KEY, number: 0 });
    expect(await there()).toHaveLength(2);
  });

  it('follows a dead process of this disk at once, and one of another once it must be dead', async () => {
    const here = workers();
    await here.leave('here', here.clock.now() + 1e9);
    expect(await here.worker('elsewhere').take(KEY, CALL_MS)).toBeNull();
    const next = here.worker('here');
    const claim = await next.take(KEY, CALL_MS);
    expect(claim).toMatchObject({ number: 1 });
    await next.release([claim!]);
    expect(await here.there()).toEqual([]);

    const elsewhere = workers();
    const owner = elsewhere.worker('there');
    await owner.take(KEY, CALL_MS);
    elsewhere.clock.time += 30_000 + CALL_MS;
    expect(await elsewhere.worker('here').take(KEY, CALL_MS)).toBeNull();
    elsewhere.clock.time += 60_001;
    const both = await Promise.all([elsewhere.worker('here').take(KEY, CALL_MS), elsewhere.worker('here').take(KEY, CALL_MS)]);
    expect(both.filter((taken) => taken !== null)).toHaveLength(1);
  });

  it('takes up again what it did not manage to release', async () => {
    const { worker } = workers();
    const one = worker('here');
    await one.take(KEY, CALL_MS);
    expect(await one.take(KEY, CALL_MS)).toMatchObject({ number: 1 });
  });

  it('is renewed before a call that begins late, unless another took over', async () => {
    const { worker, clock } = workers();
    const [one, other] = [worker('here'), worker('elsewhere')];
    const claim = (await one.take(KEY, CALL_MS))!;
    expect(await one.renew(claim)).toBe(claim);
    clock.time += 31_000;
    const renewed = (await one.renew(claim))!;
    expect(renewed.number).toBe(1);
    clock.time += 3_600_000;
    expect(await other.take(KEY, CALL_MS)).toMatchObject({ number: 2 });
    expect(await one.renew(renewed)).toBeNull();
  });
});
