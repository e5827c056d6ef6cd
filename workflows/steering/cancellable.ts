import { CancellationScope, type ChildWorkflowHandle, type Workflow } from '@temporalio/workflow';

/** The promise, unless the current scope is cancelled first. */
export function untilCancelled<T>(promise: Promise<T>): Promise<T> {
  return Promise.race([promise, CancellationScope.current().cancelRequested]);
}

/**
 * Starts a child workflow that a cancellation of the current scope reaches, whenever that comes. The server drops the cancellation of
 * a child that it has not started yet, and the child would run on; so it is passed on once the child is there.
 */
export async function startCancellable<T extends Workflow>(start: () => Promise<ChildWorkflowHandle<T>>): Promise<ChildWorkflowHandle<T>> {
  const outer = CancellationScope.current();
  if (outer.consideredCancelled) return outer.cancelRequested;
  const own = new CancellationScope({ cancellable: true, parent: new CancellationScope({ cancellable: false }) });
  const child = await own.run(start);
  outer.cancelRequested.catch(() => own.cancel());
  return child;
}
