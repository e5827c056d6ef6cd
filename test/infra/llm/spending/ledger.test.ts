import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ledgerPrefix } from '#infra/llm/names.ts';
import { Objects } from '#infra/llm/objects.ts';
import { Accounts } from '#infra/llm/spending/accounts.ts';
import { CostCeilingReached } from '#infra/llm/spending/ceiling.ts';
import { Ledger } from '#infra/llm/spending/ledger.ts';
import { startStore, type TestStore } from '../s3.ts';

let store: TestStore;
beforeAll(async () => {
  store = await startStore();
});
afterAll(() => store.stop());

const newName = (): string => `sweep-${randomUUID()}`;
const open = (ledger: string, ceiling: number | null, ahead = 4, remedy?: string) => new Ledger({ objects: new Objects(store), ledger, ceiling, ahead, remedy });
const sum = (ledger: string) => new Accounts({ objects: new Objects(store), ledger }).sum();

/** Spends until the ceiling is reached; each request is held at `estimate` and costs `cost`. How many were made. */
async function spendAll(ledger: Ledger, estimate: number, cost: number, atOnce: number): Promise<number> {
  let made = 0;
  const spender = async (): Promise<void> => {
    for (;;) {
      const reservation = await ledger.reserve(estimate);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
      made += 1;
      reservation.settle(cost);
    }
  };
  for (const end of await Promise.allSettled(Array.from({ length: atOnce }, spender))) expect((end as PromiseRejectedResult).reason).toBeInstanceOf(CostCeilingReached);
  return made;
}

describe('Ledger', () => {
  it('lets one asker spend to the ceiling, with what requests cost less than was held for them', async () => {
    const name = newName();
    const ledger = open(name, 1);
    expect(await spendAll(ledger, 0.1, 0.05, 8)).toBe(19);
    expect(ledger.spent).toBeCloseTo(0.95, 9);
    await ledger.close();
    expect((await sum(name)).spent).toBeCloseTo(0.95, 9);
    expect((await sum(name)).claimed).toBeCloseTo(0.95, 9);
  });

  it('never lets several askers spend more together', async () => {
    const name = newName();
    const ledgers = Array.from({ length: 5 }, () => open(name, 2));
    const made = await Promise.all(ledgers.map((ledger) => spendAll(ledger, 0.02, 0.02, 4)));
    const total = made.reduce((all, one) => all + one);
    expect(total).toBeLessThanOrEqual(100);
    // What others claimed ahead when one met the ceiling is all that may be left.
    expect(total).toBeGreaterThan(80);
    await Promise.all(ledgers.map((ledger) => ledger.close()));
    expect((await sum(name)).spent).toBeCloseTo(total * 0.02, 9);
  });

  it('goes on after what earlier askers spent, and under a higher ceiling', async () => {
    const name = newName();
    const first = open(name, 1);
    expect(await spendAll(first, 0.1, 0.1, 2)).toBe(10);
    await first.close();
    expect(await spendAll(open(name, 1), 0.1, 0.1, 2)).toBe(0);
    expect(await spendAll(open(name, 1.5), 0.1, 0.1, 2)).toBe(5);
  });

  it('stops at the ceiling, and waits for nothing, once nothing is under way, however the sums of fractions come out', async () => {
    const ledger = open(newName(), 1);
    const [one, two] = [await ledger.reserve(0.1), await ledger.reserve(0.2)];
    expect(0.1 + 0.2 - 0.1 - 0.2).toBeGreaterThan(0);
    one.settle(0.1);
    two.settle(0.2);
    await expect(ledger.reserve(0.9)).rejects.toBeInstanceOf(CostCeilingReached);
  });

  it('says what was spent, what is held, and how to raise the ceiling', async () => {
    const name = newName();
    const ledger = open(name, 1, 4, 'temporal workflow update execute …');
    (await ledger.reserve(0.5)).settle(0.25);
    await ledger.reserve(0.5);
    const other = open(name, 1, 4, 'temporal workflow update execute …');
    const error = await other.reserve(0.4).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(CostCeilingReached);
    expect(error).toMatchObject({ name: 'CostCeilingReached', nonRetryable: true });
    expect(String(error)).toMatch(/spent \$[\d.]+ of \$1\.00 for sweep-.*held for requests under way or lost; what comes next could cost \$0\.40; raise it with: temporal workflow update execute …/);
  });

  it('counts what a killed asker had claimed', async () => {
    const name = newName();
    const killed = open(name, 1, 0);
    (await killed.reserve(0.6)).settle(0.3);
    // No close: nobody knows whether it asked for more meanwhile.
    await expect(open(name, 1).reserve(0.5)).rejects.toBeInstanceOf(CostCeilingReached);
    await open(name, 1).reserve(0.4);
  });

  it('notes spending without a ceiling, so that a later ceiling counts it', async () => {
    const name = newName();
    const free = open(name, null);
    for (let times = 0; times < 30; times += 1) (await free.reserve(0.1)).settle(0.1);
    await free.flush();
    expect((await sum(name)).spent).toBeCloseTo(3, 9);
    await free.close();
    await expect(open(name, 3).reserve(0.1)).rejects.toThrow(/spent \$3\.00 of \$3\.00/);
  });

  it('writes nothing for one who spends nothing, and keeps few objects for one who spends much', async () => {
    const name = newName();
    await open(name, 1).close();
    expect(existsSync(join(store.objects, ledgerPrefix(name)))).toBe(false);
    const ledger = open(name, 10, 0);
    for (let times = 0; times < 20; times += 1) (await ledger.reserve(0.1)).settle(0.1);
    const [account] = readdirSync(join(store.objects, ledgerPrefix(name)));
    expect(readdirSync(join(store.objects, ledgerPrefix(name), account!))).toHaveLength(2);
  });
});
