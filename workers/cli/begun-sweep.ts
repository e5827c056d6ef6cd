/** A sweep that a command starts and shows until it ends. */
import type { Client } from '@temporalio/client';
import type { SweepSpec } from '#workflows/contracts/spec.ts';
import { attend } from './attend.ts';
import { launchSweep } from './launch-sweep.ts';
import { watchSweep } from './progress-view.ts';
import { sweepResult } from './sweep-result.ts';

export interface BegunSweep {
  workflowId: string;
  /** Its result. That nobody waits for it yet is no error. */
  finished: Promise<unknown>;
}

/** Starts a sweep, or goes on with its open run, and attends to it; with `park` it waits for a person where cells are blocked. */
export async function beginSweep(client: Client, sweep: { workflowId: string; given: unknown; spec: SweepSpec }, { park }: { park: boolean }): Promise<BegunSweep> {
  const finished = sweepResult(await launchSweep(client, sweep));
  finished.catch(() => {});
  void attend(client, sweep.workflowId, finished, { park });
  return { workflowId: sweep.workflowId, finished };
}

/** Shows a sweep until it has ended, and the `trouble` of the servers where there is any. False after an interrupt, which is said; the exit status is then 130. */
export async function showToItsEnd(client: Client, { workflowId, finished }: BegunSweep, interrupted: Promise<NodeJS.Signals>, trouble?: () => string | null): Promise<boolean> {
  const signal = await Promise.race([watchSweep(client, workflowId, finished, trouble).then(() => null), interrupted]);
  if (signal === null) return true;
  console.log(`\ninterrupted (${signal}); the same command goes on`);
  process.exitCode = 130;
  return false;
}
