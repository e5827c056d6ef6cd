import { describe, expect, it } from 'vitest';
import { LlmFault, LlmRefused, LlmUnavailable } from '#infra/llm/errors.ts';
import { backoff, retrying } from '#infra/llm/retry.ts';
import { TestClock } from './clock.ts';

describe('backoff', () => {
  it('doubles up to a minute, and takes any part of that', () => {
    expect([1, 2, 3, 6, 7, 12].map((failed) => backoff(failed, { random: () => 1 }))).toEqual([1_000, 2_000, 4_000, 32_000, 60_000, 60_000]);
    expect(backoff(5, { random: () => 0 })).toBe(0);
  });

  it('never comes before the endpoint said', () => {
    expect(backoff(1, { retryAfterMs: 90_000, random: () => 0 })).toBe(90_000);
    expect(backoff(9, { retryAfterMs: 90_000, random: () => 0.999 })).toBeLessThan(91_000);
  });
});

describe('retrying', () => {
  it('tries again after faults, and waits as long as they ask', async () => {
    const clock = new TestClock();
    const faults = [new LlmFault('failed', 'once'), new LlmFault('rate-limit', 'twice', { retryAfterMs: 5_000 })];
    const numbers: number[] = [];
    const value = await retrying(
      async (number) => {
        numbers.push(number);
        const fault = faults.shift();
        if (fault) throw fault;
        return 'done';
      },
      { clock, random: () => 0.5 },
    );
    expect(value).toBe('done');
    expect(numbers).toEqual([1, 2, 3]);
    expect(clock.slept).toEqual([500, 5_500]);
  });

  it('gives up in the end, with what was wrong last and a failure that may be retried', async () => {
    let tries = 0;
    const error = await retrying(
      async () => {
        tries += 1;
        throw new LlmFault('busy', `503 try ${tries}`);
      },
      { clock: new TestClock() },
    ).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(LlmUnavailable);
    expect(error).not.toHaveProperty('nonRetryable');
    expect(String(error)).toMatch(/in 12 tries; the last: 503 try 12/);
  });

  it('goes on for as long as others are served meanwhile, where it is only refused for too much to do', async () => {
    const storm = async (kind: 'rate-limit' | 'failed', tries: number) => {
      let served = 0;
      let made = 0;
      const running = retrying(
        async () => {
          made += 1;
          served += 1;
          if (made <= 50) throw new LlmFault(kind, `try ${made}`);
          return made;
        },
        { clock: new TestClock(), tries, served: () => served },
      );
      return running.catch((error: unknown) => error);
    };
    expect(await storm('rate-limit', 3)).toBe(51);
    expect(String(await storm('failed', 3))).toMatch(/in 3 tries; the last: try 3/);
  });

  it('does not repeat what is refused', async () => {
    let tries = 0;
    const refused = new LlmRefused('400 no');
    await expect(
      retrying(async () => {
        tries += 1;
        throw refused;
      }),
    ).rejects.toBe(refused);
    expect(tries).toBe(1);
  });

  it('stops waiting when it is told to', async () => {
    const controller = new AbortController();
    const reason = new Error('cancelled');
    const running = retrying(
      async () => {
        setImmediate(() => controller.abort(reason));
        throw new LlmFault('rate-limit', 'wait', { retryAfterMs: 3_600_000 });
      },
      { signal: controller.signal },
    );
    await expect(running).rejects.toBe(reason);
  });
});
