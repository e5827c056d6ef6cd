/** When a cell can be patched: it takes heads from the real cell, which is a workflow of its own, so the sweep waits for both. */
import { condition } from '@temporalio/workflow';
import { type Board, hasFinished } from './board.ts';
import type { CellPlan } from './plan/plan.ts';

/** What patching reads of a cell. */
const RESTS_ON = ['train', 'score'] as const;

/**
 * Waits until the cell and its real cell are both trained and scored, whatever else they do meanwhile. Null once they are;
 * else why they never will be.
 */
export async function lackingForPatch(board: Board, unit: CellPlan, real: CellPlan): Promise<string | null> {
  const isScored = ({ id }: CellPlan) => RESTS_ON.every((stage) => hasFinished(board, id, stage));
  const isGivenUp = ({ id }: CellPlan) => ['skipped', 'failed'].includes(board.cells.get(id)?.status ?? '');
  const lacking = () => [unit, real].find((cell) => isGivenUp(cell) && !isScored(cell));
  await condition(() => [unit, real].every(isScored) || lacking() !== undefined);
  const failed = lacking();
  return failed === undefined ? null : `${failed === real ? 'the real cell' : 'the cell itself'} failed before its heads were scored: ${board.cells.get(failed.id)?.failures[0]?.message}`;
}
