/**
 * How many attempts of an activity have failed by themselves. Attempts that were lost with their worker, or stopped with it, are
 * none of them, however many there were: so the count goes from attempt to attempt with the heartbeats. So does that of attempts in
 * which a worker left the job to others.
 */
import { Context } from '@temporalio/activity';
import { z } from 'zod';

/**
 * `trainer`: jobs that failed or took their trainer with them. `other`: lost connections, full disks, whatever else. `turnedDown`: jobs
 * that were turned down (turn-down.ts), which are no failures.
 */
export const FailureCounts = z.object({ trainer: z.int().nonnegative(), other: z.int().nonnegative(), turnedDown: z.int().nonnegative().default(0) });
export type FailureCounts = z.infer<typeof FailureCounts>;

const NONE: FailureCounts = { trainer: 0, other: 0, turnedDown: 0 };

/** Failures of earlier attempts of the running activity; none outside of an activity. */
export function failuresBefore(): FailureCounts {
  const details: unknown = context()?.info.heartbeatDetails;
  const found = z.object({ failures: FailureCounts }).safeParse(details);
  return found.success ? found.data.failures : NONE;
}

/** Attempts of the running activity that did not even fail: they were lost with their worker. */
export function lossesBefore(): number {
  const { trainer, other, turnedDown } = failuresBefore();
  return Math.max(0, (context()?.info.attempt ?? 1) - 1 - trainer - other - turnedDown);
}

/** Tells the next attempt of the running activity. */
export function tellNextAttempt(text: string, failures: FailureCounts): void {
  context()?.heartbeat({ text, failures });
}

/** The same of a job that is turned down, for which it stays as far as it was. */
export function tellTurnedDown(text: string, failures: FailureCounts): void {
  const details = z.looseObject({}).safeParse(context()?.info.heartbeatDetails).data;
  context()?.heartbeat({ ...details, text, failures: { ...failures, turnedDown: failures.turnedDown + 1 } });
}

function context(): Context | null {
  try {
    return Context.current();
  } catch {
    return null;
  }
}
