/**
 * `work` on items, `atOnce` of them at a time, its results in the order of the items. What is begun and no longer wanted,
 * since the consumer stopped early, is dropped with its errors; an error that is reached is thrown.
 */
export async function* inOrder<T, R>(items: AsyncIterator<T>, atOnce: number, work: (item: T) => Promise<R>): AsyncGenerator<R> {
  const running: Promise<R>[] = [];
  for (let exhausted = false; ; ) {
    while (!exhausted && running.length < atOnce) {
      const { value, done } = await items.next();
      if (done) {
        exhausted = true;
        break;
      }
      const result = work(value);
      result.catch(() => {});
      running.push(result);
    }
    const next = running.shift();
    if (next === undefined) return;
    yield await next;
  }
}
