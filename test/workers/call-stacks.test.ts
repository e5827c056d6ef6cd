import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { withoutCallStacks } from '#workers/call-stacks.ts';

describe('contexts without call stacks', () => {
  const framesOf = () => Promise.resolve(runInNewContext('function f() { return new Error("x").stack.split("\\n").length - 1; } f()') as number);

  it('are those made meanwhile, and no others', async () => {
    expect(await framesOf()).toBeGreaterThan(1);
    expect(await withoutCallStacks(framesOf)).toBe(0);
    expect(await framesOf()).toBeGreaterThan(1);
    expect(new Error('x').stack!.split('\n').length).toBeGreaterThan(1);
  });

  it('end with what failed, too', async () => {
    await expect(withoutCallStacks(() => Promise.reject(new Error('no bundle')))).rejects.toThrow('no bundle');
    expect(await framesOf()).toBeGreaterThan(1);
  });
});
