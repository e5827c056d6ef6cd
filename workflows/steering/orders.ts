/** Parts of a cell's orders; pure. */
import type { TimeoutHours } from '../contracts/run.ts';
import type { CellOrders, RetryChange } from '../contracts/steering.ts';

/** What a change says of how a cell is to run. */
export function changedBy({ train, run }: RetryChange): Pick<CellOrders, 'checkpointMinutes' | 'timeoutHours'> {
  return { ...(train?.checkpointMinutes !== undefined && { checkpointMinutes: train.checkpointMinutes }), ...(run?.timeoutHours !== undefined && { timeoutHours: run.timeoutHours }) };
}

/** How urgent a stage is, and how long it may take; what is not said is left out. */
export function urgency({ priority, timeoutHours }: { priority?: number | undefined; timeoutHours?: TimeoutHours | undefined }): Pick<CellOrders, 'priority' | 'timeoutHours'> {
  return { ...(priority !== undefined && { priority }), ...(timeoutHours !== undefined && { timeoutHours }) };
}
