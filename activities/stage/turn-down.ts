import { Context } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { Recipe } from '#workflows/contracts/artifacts.ts';
import { USUAL_PRIORITY } from '#workflows/contracts/run.ts';
import { affinityOf, baseNameOf } from './affinity.ts';
import type { ActivityContext } from './context.ts';
import { failuresBefore, tellTurnedDown } from './failure-counts.ts';

/** Type of the failure by which a job goes back to the queue. It is no failure of the stage. */
const BASE_NOT_LOADED = 'BaseNotLoaded';

/**
 * Turns the running activity's job down where this worker has another base loaded and shall look through the queue first (queue-pass.ts).
 * Retries add nothing to a history. @throws ApplicationFailure, after which the job is in the queue again
 */
export async function turnDown({ trainer, queuePass, store }: Pick<ActivityContext, 'trainer' | 'queuePass' | 'store'>, recipe: Recipe): Promise<void> {
  if (!trainer || !queuePass) return;
  const affinity = affinityOf(recipe);
  if (affinity === null) return;
  const { info } = Context.current();
  const before = failuresBefore();
  const loaded = trainer.wouldReplace(affinity);
  const why = queuePass.meets({
    id: `${info.workflowExecution?.runId}/${info.activityId}`,
    // The server takes 0 for left out.
    priority: info.priority?.priorityKey || USUAL_PRIORITY,
    timesTurnedDown: before.turnedDown,
    replacesSeconds: loaded?.seconds ?? null,
  });
  if (why === null) return;
  const name = (of: string) => baseNameOf(store, of);
  const reason =
    loaded !== null && why === 'another base'
      ? `this worker has ${await name(loaded.affinity)} loaded, the job needs ${await name(affinity)}`
      : 'a more urgent job is about to come back to the queue';
  const message = `no failure: ${reason}. It is offered to other workers first, and taken at the latest when it was turned down ${queuePass.limits.mostTimes} times`;
  tellTurnedDown('waits for a worker that has its base loaded, or has looked through the queue', before);
  // A less urgent one comes back after the one that it has to wait for.
  const nextRetryDelay = queuePass.limits.againMs * (why === 'another base' ? 1 : 2);
  throw ApplicationFailure.create({ type: BASE_NOT_LOADED, message, nextRetryDelay, category: ApplicationFailureCategory.BENIGN });
}

/** Whether an error is that by which a job was turned down. */
export function isTurnDown(error: unknown): boolean {
  return error instanceof ApplicationFailure && error.type === BASE_NOT_LOADED;
}
