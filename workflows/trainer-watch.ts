/** Whether anybody does a sweep's trainer jobs. A free device may be long in coming, so no stage fails for the want of one; it is said. */
import { CancellationScope, condition, isCancellation, log, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { type Board, isAnythingRunning, trainerSigns } from './board.ts';
import { POLICIES, type SweepLimits } from './policies.ts';

const { lookForTrainers } = proxyActivities<Activities>(POLICIES.look);

/**
 * Notes on the board, from now on, while trainer jobs wait and no worker listens for any, and tells each change of that; `jobs`
 * null: one listens again, or none wait. Looks are taken ever less often, until something changes. Returns what ends the watch.
 */
export function watchTrainers(board: Board, looks: SweepLimits['looks'], onChange: (jobs: number | null) => void): () => Promise<void> {
  const scope = new CancellationScope();
  const watching = scope.run(() => watch(board, looks, onChange)).catch((error: unknown) => {
    if (!isCancellation(error)) throw error;
  });
  return () => {
    scope.cancel();
    return watching;
  };
}

async function watch(board: Board, { firstMs, factor, mostMs }: SweepLimits['looks'], onChange: (jobs: number | null) => void): Promise<never> {
  for (let ms = firstMs; ; ms = Math.min(ms * factor, mostMs)) {
    await condition(() => isAnythingRunning(board));
    const signs = trainerSigns(board);
    // Where nobody was there, the first sign of somebody is looked into at once.
    await condition(() => board.unattended !== null && trainerSigns(board) > signs, ms);
    const jobs = await unattended();
    if ((jobs === null) !== (board.unattended === null)) ms = firstMs;
    const told = board.unattended;
    board.unattended = jobs;
    if ((jobs === null) !== (told === null)) onChange(jobs);
  }
}

/** Trainer jobs that wait with nobody there to do them; null where somebody is, where none wait, or where that cannot be found out. */
async function unattended(): Promise<number | null> {
  try {
    const { listening, waiting } = await lookForTrainers();
    return listening || waiting === 0 ? null : waiting;
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn(`whether workers with a trainer listen could not be found out: ${error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : error}`);
    return null;
  }
}
