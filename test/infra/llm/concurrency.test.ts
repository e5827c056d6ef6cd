import { describe, expect, it } from 'vitest';
import { AdaptiveLimit } from '#infra/llm/concurrency.ts';
import { type FaultKind, LlmFault } from '#infra/llm/errors.ts';
import { TestClock } from './clock.ts';

const succeed = async () => 'done';
const fail = (kind: FaultKind, retryAfterMs: number | null = null) => async () => {
  throw new LlmFault(kind, kind, { retryAfterMs });
};
const failing = (limit: AdaptiveLimit, kind: FaultKind, retryAfterMs?: number) => expect(limit.run(fail(kind, retryAfterMs ?? null))).rejects.toBeInstanceOf(LlmFault);

/** Tasks that end when they are told to, in the order they began. */
function gate() {
  const begun: { name: string; end: () => void }[] = [];
  return {
    begun,
    task: (name: string) => () => new Promise<void>((resolve) => begun.push({ name, end: resolve })),
    names: () => begun.map(({ name }) => name),
  };
}

describe('AdaptiveLimit', () => {
  it('runs so many tasks at once, and starts the next as one ends', async () => {
    const limit = new AdaptiveLimit({ max: 2 });
    const { begun, task, names } = gate();
    const running = ['a', 'b', 'c'].map((name) => limit.run(task(name)));
    await expect.poll(names).toEqual(['a', 'b']);
    expect([limit.running, limit.waiting]).toEqual([2, 1]);
    begun[1]!.end();
    await expect.poll(names).toEqual(['a', 'b', 'c']);
    for (const { end } of begun) end();
    await Promise.all(running);
    expect([limit.running, limit.waiting]).toEqual([0, 0]);
  });

  it('halves once for a whole storm, and again for the next, down to one', async () => {
    const clock = new TestClock();
    const limit = new AdaptiveLimit({ max: 16, clock });
    const seen: number[] = [];
    for (const kind of ['rate-limit', 'busy', 'timeout', 'rate-limit', 'busy', 'timeout'] as const) {
      await Promise.all(Array.from({ length: 5 }, () => failing(limit, kind)));
      seen.push(limit.limit);
      clock.time += 5_000;
    }
    expect(seen).toEqual([8, 4, 2, 1, 1, 1]);
  });

  it('grows by one after a limit’s worth of successes, up to its maximum', async () => {
    const limit = new AdaptiveLimit({ max: 4, clock: new TestClock() });
    await failing(limit, 'busy');
    const seen: number[] = [];
    for (let successes = 0; successes < 8; successes += 1) {
      await limit.run(succeed);
      seen.push(limit.limit);
    }
    expect(seen).toEqual([2, 3, 3, 3, 4, 4, 4, 4]);
  });

  it('does not slow down where an endpoint is faulty rather than busy', async () => {
    const limit = new AdaptiveLimit({ max: 4 });
    for (const kind of ['failed', 'lost', 'malformed'] as const) await failing(limit, kind);
    expect(limit.limit).toBe(4);
  });

  it('starts nothing before the time that a 429 gave, the latest where there are several', async () => {
    const clock = new TestClock();
    const limit = new AdaptiveLimit({ max: 4, clock });
    const from = clock.now();
    await Promise.all([failing(limit, 'rate-limit', 2_000), failing(limit, 'rate-limit', 7_000), failing(limit, 'rate-limit', 500)]);
    expect(await limit.run(async () => clock.now() - from)).toBeGreaterThanOrEqual(7_000);
  });

  it('lets repeats go first', async () => {
    const limit = new AdaptiveLimit({ max: 1 });
    const { begun, task, names } = gate();
    const running = [limit.run(task('first')), limit.run(task('fresh')), limit.run(task('repeat'), { repeat: true })];
    for (let at = 0; at < 3; at += 1) {
      await expect.poll(() => begun.length).toBe(at + 1);
      begun[at]!.end();
    }
    await Promise.all(running);
    expect(names()).toEqual(['first', 'repeat', 'fresh']);
  });

  it('ends a wait when told to, but keeps the place of a task that has begun until it ends', async () => {
    const limit = new AdaptiveLimit({ max: 1 });
    const { begun, task, names } = gate();
    const controller = new AbortController();
    const running = limit.run(task('running'), { signal: controller.signal });
    const waiting = limit.run(task('waiting'), { signal: controller.signal });
    const next = limit.run(task('next'));
    await expect.poll(names).toEqual(['running']);
    const reason = new Error('cancelled');
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(names()).toEqual(['running']);
    begun[0]!.end();
    await running;
    await expect.poll(names).toEqual(['running', 'next']);
    begun[1]!.end();
    await next;
  });
});
