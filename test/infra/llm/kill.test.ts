import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Objects } from '#infra/llm/objects.ts';
import { Accounts } from '#infra/llm/spending/accounts.ts';
import { TestEndpoint } from './endpoint.ts';
import { startStore, type TestStore } from './s3.ts';

let store: TestStore;
let server: TestEndpoint;
beforeAll(async () => {
  store = await startStore();
  server = await TestEndpoint.start();
});
afterAll(async () => {
  await server.stop();
  await store.stop();
});

const COUNT = 300;
const CONCURRENCY = 12;
/** A reply of the test endpoint at the price of gpt-4o-mini. */
const DOLLARS_EACH = (100 * 0.15 + 50 * 0.6) / 1_000_000;

interface Line {
  number: number;
  text: string;
  paid: boolean;
}

interface AskingProcess {
  child: ChildProcess;
  lines: Line[];
  /** What the process spent, once it ended by itself. */
  end: Promise<{ code: number | null; dollars: number | null; stderr: string }>;
}

function ask(task: object): AskingProcess {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./asking-process.ts', import.meta.url)), JSON.stringify({ ...task, connection: store.connection, bucket: store.bucket, concurrency: CONCURRENCY, count: COUNT })], {
    env: { PATH: process.env.PATH, ...server.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: Line[] = [];
  let dollars: number | null = null;
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = JSON.parse(text) as Line & { dollars?: number };
    if (line.dollars === undefined) lines.push(line);
    else dollars = line.dollars;
  });
  return { child, lines, end: once(child, 'close').then(([code]) => ({ code: code as number | null, dollars, stderr })) };
}

describe('a process that is killed in the middle', () => {
  it('loses no reply that it told of, and the next one pays for nothing that was kept', async () => {
    const task = { folder: await store.newFolder(), model: 'gpt-4o-mini', ledger: randomUUID() };
    server.behave = ({ number }) => ({ kind: 'reply', afterMs: 2 + (number % 7) });
    const first = ask(task);
    await expect.poll(() => first.lines.length, { timeout: 30_000 }).toBeGreaterThan(COUNT / 3);
    first.child.kill('SIGKILL');
    await first.end;
    const chargedBefore = new Map(server.charged);
    const told = first.lines.length;
    expect(told).toBeLessThan(COUNT);
    // What was charged for and not told of: calls whose reply was on its way to us, or to the journal, or to the pipe.
    const unkept = server.totalCharged - told;

    const second = ask(task);
    const { code, dollars, stderr } = await second.end;
    expect([code, stderr]).toEqual([0, '']);

    // None lost, none twice, all as they were.
    expect(second.lines.map(({ number }) => number).sort((a, b) => a - b)).toEqual(Array.from({ length: COUNT }, (_, number) => number));
    for (const { number, text } of second.lines) expect(text).toBe(`reply to request ${number}`);
    // Whatever the first process told of was in its journal, and is not paid for again.
    const paidAgain = second.lines.filter(({ number, paid }) => paid && chargedBefore.has(`request ${number}`));
    const toldOf = new Set(first.lines.map(({ number }) => number));
    expect(paidAgain.filter(({ number }) => toldOf.has(number))).toEqual([]);
    // A call holds its place until its reply is in the journal, so at most `concurrency` replies can have been charged for
    // and lost. Online there is no way around those: the endpoint charges before we can have anything on our disk.
    expect(paidAgain.length).toBeLessThanOrEqual(Math.min(unkept, CONCURRENCY));
    expect(server.totalCharged).toBe(COUNT + paidAgain.length);

    // The ledger misses nothing: what the killed process spent, kept or not, is within what it had claimed.
    const ledger = await new Accounts({ objects: new Objects(store), ledger: task.ledger }).sum();
    expect(dollars).toBeCloseTo(second.lines.filter(({ paid }) => paid).length * DOLLARS_EACH, 9);
    expect(ledger.claimed).toBeGreaterThanOrEqual(server.totalCharged * DOLLARS_EACH - 1e-9);

    // A third process finds all of it in the store, on a machine of its own.
    const requests = server.requests;
    const third = ask({ ...task, folder: await store.newFolder() });
    expect(await third.end).toMatchObject({ code: 0, dollars: 0 });
    expect(third.lines.filter(({ paid }) => !paid)).toHaveLength(COUNT);
    expect(server.requests).toBe(requests);
  });
});
