import type { Failure, StageEvent } from './contracts/progress.ts';
import type { CellOrders } from './contracts/steering.ts';
import { givenUp, givenUpIn } from './failures.ts';
import type { CellWork } from './plan/plan.ts';
import { CellDesk } from './steering/cell-desk.ts';

/**
 * One cell of the grid: (task, model, condition) from training data to scored and masked heads (paper, sections 3 and 4).
 * A stage that fails for good waits for a person, with the workflow (steering/cell-desk.ts). Its result is what its sweep has not
 * been told before. What its sweep knows to be `blocked`, from an earlier run, waits on where it did.
 */
export async function cell(plan: CellWork, orders: CellOrders = { paused: false, onFailure: 'park', news: 'all' }, startedAs = '', blocked: Failure[] = []): Promise<StageEvent[]> {
  const desk = new CellDesk(plan, orders, startedAs, blocked);
  const { dataset, train, evaluate, score, mask } = plan.stages;
  try {
    await desk.run(dataset);
    await desk.run(train);
    // What one of them fails at does not stop the other: its hours of work would be lost.
    await allOf([desk.run(evaluate), desk.run(score).then(() => desk.run(mask))]);
    desk.show('done');
    return await desk.untold();
  } catch (error) {
    const word = givenUpIn(error);
    desk.show(word === null ? 'cancelled' : word.by === 'skip' ? 'skipped' : 'failed');
    await desk.told();
    throw error;
  }
}

/** Waits for all, then throws what any of them threw; of stages that were given up, all at once. */
async function allOf(work: Promise<void>[]): Promise<void> {
  const errors = (await Promise.allSettled(work)).flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
  const words = errors.map(givenUpIn);
  if (words.length > 1 && words.every((word) => word !== null)) throw givenUp(words.flatMap(({ failures }) => failures), words[0]!.by);
  if (errors.length > 0) throw errors.find((error) => givenUpIn(error) === null) ?? errors[0];
}
