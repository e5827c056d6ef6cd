/** Ends a request that waits too long for its next bytes, however long all of them take. */
export interface StallGuard {
  /** Aborted after `ms` without a sign of life, or together with `outer`. */
  signal: AbortSignal;
  alive: () => void;
  /** Ends the request, if any of it is still open, and the guard. */
  end: () => void;
}

/** A guard that counts from now. */
export function stallGuard(ms: number, outer?: AbortSignal): StallGuard {
  const stalled = new AbortController();
  const timer = setTimeout(() => stalled.abort(new Error(`nothing came for ${ms / 1000} seconds`)), ms);
  return {
    signal: outer === undefined ? stalled.signal : AbortSignal.any([outer, stalled.signal]),
    alive: () => void timer.refresh(),
    end: () => {
      clearTimeout(timer);
      stalled.abort(new Error('the request was ended'));
    },
  };
}
