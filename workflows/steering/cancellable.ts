import { CancellationScope } from '@temporalio/workflow';

/** The promise, unless the current scope is cancelled first. */
export function untilCancelled<T>(promise: Promise<T>): Promise<T> {
  return Promise.race([promise, CancellationScope.current().cancelRequested]);
}
