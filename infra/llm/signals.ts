/** Aborts when any of the signals does. `unlink` ends that, so that signals that live long gather no listeners. */
export function linkSignals(signals: readonly (AbortSignal | undefined)[]): { signal: AbortSignal; unlink: () => void } {
  const linked = new AbortController();
  const given = signals.filter((signal) => signal !== undefined);
  const abort = () => linked.abort(given.find(({ aborted }) => aborted)?.reason);
  if (given.some(({ aborted }) => aborted)) abort();
  for (const signal of given) signal.addEventListener('abort', abort, { once: true });
  return {
    signal: linked.signal,
    unlink: () => {
      for (const signal of given) signal.removeEventListener('abort', abort);
    },
  };
}

/** The promise's outcome, unless the signal is aborted first. @throws the signal's reason */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
