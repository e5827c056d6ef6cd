import { CancellationScope, type ChildWorkflowHandle, getExternalWorkflowHandle, type Workflow } from '@temporalio/workflow';

/** The promise, unless the current scope is cancelled first. */
export function untilCancelled<T>(promise: Promise<T>): Promise<T> {
  return Promise.race([promise, CancellationScope.current().cancelRequested]);
}

/**
 * Starts a child workflow that a cancellation of the current scope reaches, whenever that comes. The server drops the cancellation of
 * a child that it has not started yet, and the child would run on; so it is passed on once the child is there. And it refuses to cancel as a child
 * what an earlier run had started, before a reset: so it is cancelled by its name.
 */
export async function startCancellable<T extends Workflow>(start: () => Promise<ChildWorkflowHandle<T>>): Promise<ChildWorkflowHandle<T>> {
  const outer = CancellationScope.current();
  if (outer.consideredCancelled) return outer.cancelRequested;
  const child = await CancellationScope.nonCancellable(start);
  // One that has ended needs none.
  const cancel = () => CancellationScope.nonCancellable(() => getExternalWorkflowHandle(child.workflowId).cancel()).catch(() => {});
  outer.cancelRequested.catch(cancel);
  return child;
}
