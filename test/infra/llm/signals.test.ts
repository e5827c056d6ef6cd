import { describe, expect, it } from 'vitest';
import { linkSignals, unlessAborted } from '#infra/llm/signals.ts';

describe('linkSignals', () => {
  it('aborts with the reason of the first that does, also one that did before', () => {
    const [one, other] = [new AbortController(), new AbortController()];
    const { signal } = linkSignals([undefined, one.signal, other.signal]);
    expect(signal.aborted).toBe(false);
    other.abort('other');
    one.abort('one');
    expect(signal.reason).toBe('other');
    expect(linkSignals([one.signal, undefined]).signal.reason).toBe('one');
  });

  it('lets go when it is told to', () => {
    const controller = new AbortController();
    const { signal, unlink } = linkSignals([controller.signal]);
    unlink();
    controller.abort();
    expect(signal.aborted).toBe(false);
  });
});

describe('unlessAborted', () => {
  it('gives the promise’s outcome, or the signal’s reason where that comes first', async () => {
    const controller = new AbortController();
    expect(await unlessAborted(Promise.resolve('value'), controller.signal)).toBe('value');
    const waiting = unlessAborted(new Promise(() => {}), controller.signal);
    controller.abort(new Error('stop'));
    await expect(waiting).rejects.toThrow('stop');
    await expect(unlessAborted(Promise.resolve('value'), controller.signal)).rejects.toThrow('stop');
    expect(await unlessAborted(Promise.resolve('value'), undefined)).toBe('value');
  });
});
