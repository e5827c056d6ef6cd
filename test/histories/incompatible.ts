/** The workflows with a change that running sweeps would not survive: a timer before all else. For the test that replay notices. */
import { sleep } from '@temporalio/workflow';
import { sweep as unchanged } from '#workflows/index.ts';

export { cell, herald } from '#workflows/index.ts';

export async function sweep(given: unknown, carried?: unknown) {
  await sleep(1);
  return unchanged(given, carried);
}
