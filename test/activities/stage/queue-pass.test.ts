import { describe, expect, it } from 'vitest';
import { type MetJob, QueuePass } from '#activities/stage/queue-pass.ts';

const LIMITS = { loadSeconds: 10, passMs: 10_000, againMs: 500, mostTimes: 3 };
const ANOTHER = 'another base';

/** A worker with a base that took 30 seconds to load, and a clock that goes when it is told. */
function worker() {
  let now = 0;
  const pass = new QueuePass(LIMITS, () => now);
  return {
    after: (ms: number) => void (now += ms),
    meets: (id: string, job: Partial<MetJob> = {}) => pass.meets({ id, priority: 3, timesTurnedDown: 0, replacesSeconds: 30, ...job }),
  };
}

const FITS = { replacesSeconds: null };

describe('a pass through the queue', () => {
  it('takes what throws no base out, or one that was loaded fast', () => {
    const { meets } = worker();
    expect(meets('fits', FITS)).toBeNull();
    expect(meets('cheap', { replacesSeconds: 9.9 })).toBeNull();
    expect(meets('dear', { replacesSeconds: 10 })).toBe(ANOTHER);
  });

  it('turns each job down once, and takes the first that it meets again', () => {
    const { meets } = worker();
    expect([meets('a'), meets('b'), meets('c')]).toEqual([ANOTHER, ANOTHER, ANOTHER]);
    expect(meets('a')).toBeNull();
  });

  it('begins anew when a job was taken', () => {
    const { meets } = worker();
    expect([meets('a'), meets('fits', FITS), meets('a')]).toEqual([ANOTHER, null, ANOTHER]);
  });

  it('takes whatever comes when it has gone on for long', () => {
    const { meets, after } = worker();
    expect(meets('a')).toBe(ANOTHER);
    after(6_000);
    expect(meets('b')).toBe(ANOTHER);
    after(6_000);
    expect(meets('c')).toBeNull();
  });

  it('does not count the time in which nothing came, but knows what it has turned down before', () => {
    const { meets, after } = worker();
    expect(meets('a')).toBe(ANOTHER);
    after(3_600_000);
    expect(meets('b')).toBe(ANOTHER);
    expect(meets('a')).toBeNull();
  });

  it('takes a job that enough workers have turned down', () => {
    expect(worker().meets('a', { timesTurnedDown: 2 })).toBe(ANOTHER);
    expect(worker().meets('a', { timesTurnedDown: 3 })).toBeNull();
  });

  it('lets no less urgent job go before one that it has turned down', () => {
    const { meets, after } = worker();
    expect(meets('urgent', { priority: 1 })).toBe(ANOTHER);
    expect(meets('usual', FITS)).toBe('more urgent one comes back');
    expect(meets('as urgent', { priority: 1 })).toBe(ANOTHER);
    expect(meets('urgent', { priority: 1 })).toBeNull();
    expect(meets('usual', FITS)).toBeNull();
    // Somebody else has taken it.
    expect(meets('urgent', { priority: 1 })).toBe(ANOTHER);
    expect(meets('usual', FITS)).toBe('more urgent one comes back');
    expect(meets('usual', FITS)).toBeNull();
    expect(meets('urgent', { priority: 1 })).toBe(ANOTHER);
    after(60_000);
    expect(meets('other', FITS)).toBeNull();
  });
});
