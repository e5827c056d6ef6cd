/** Requests that may wait for a day, at half the price. */
export { collectBatches } from './collect.ts';
export type { BatchOptions } from './options.ts';
export { submitBatches } from './submit.ts';
