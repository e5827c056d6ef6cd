import { describe, expect, it } from 'vitest';
import { inOrder } from '#activities/dataset/in-order.ts';

async function* numbers(count: number) {
  for (let n = 0; n < count; n += 1) yield n;
}

describe('work on several items at a time', () => {
  it('gives results in order, with so many in the making, whichever is done first', async () => {
    let running = 0;
    let most = 0;
    const results: number[] = [];
    const work = async (n: number) => {
      most = Math.max(most, ++running);
      for (let turns = (n * 7) % 5; turns >= 0; turns -= 1) await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return n * n;
    };
    for await (const result of inOrder(numbers(20), 3, work)) results.push(result);
    expect(results).toEqual(Array.from({ length: 20 }, (_, n) => n * n));
    expect(most).toBe(3);
  });

  it('throws an error when it is reached, not before, and never when it is not', async () => {
    const work = async (n: number) => {
      if (n === 2) throw new Error('two');
      return n;
    };
    const seen: number[] = [];
    const all = async () => {
      for await (const n of inOrder(numbers(9), 4, work)) seen.push(n);
    };
    await expect(all()).rejects.toThrow('two');
    expect(seen).toEqual([0, 1]);
    for await (const n of inOrder(numbers(9), 4, work)) if (n === 1) break;
  });
});
