/** Parts of a cell's orders; pure. */
import type { TimeoutHours } from '../contracts/run.ts';
import type { CellOrders, RetryChange } from '../contracts/steering.ts';

/** What a change says of how a cell is to run. */
export function changedBy({ train, run }: RetryChange): Pick<CellOrders, 'checkpointMinutes' | 'timeoutHours'> {
  return { ...(train?.checkpointMinutes !== undefined && { checkpointMinutes: train.checkpointMinutes }), ...(run?.timeoutHours !== undefined && { timeoutHours: run.timeoutHours }) };
}

/** What a cell has been told itself. */
export type OwnChange = ReturnType<typeof changedBy>;

/**
 * What still holds of that as the sweep sends orders: all but what the sweep says something else of than `before`. Orders come for many
 * reasons, such as another priority, and repeat whatever else the sweep has said.
 */
export function stillOwn(own: OwnChange, before: CellOrders, next: CellOrders): OwnChange {
  const isAsBefore = (field: keyof OwnChange) => JSON.stringify(before[field]) === JSON.stringify(next[field]);
  return Object.fromEntries(Object.entries(own).filter(([field]) => isAsBefore(field as keyof OwnChange)));
}

/** How urgent a stage is, and how long it may take; what is not said is left out. */
export function urgency({ priority, timeoutHours }: { priority?: number | undefined; timeoutHours?: TimeoutHours | undefined }): Pick<CellOrders, 'priority' | 'timeoutHours'> {
  return { ...(priority !== undefined && { priority }), ...(timeoutHours !== undefined && { timeoutHours }) };
}
