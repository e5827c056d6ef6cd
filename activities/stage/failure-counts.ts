/**
 * How many attempts of an activity have failed by themselves. Attempts that were lost with their worker, or stopped with it, are
 * none of them, however many there were: so the count goes from attempt to attempt with the heartbeats.
 */
import { Context } from '@temporalio/activity';
import { z } from 'zod';

/** `trainer`: jobs that failed or took their trainer with them. `other`: lost connections, full disks, whatever else. */
export const FailureCounts = z.object({ trainer: z.int().nonnegative(), other: z.int().nonnegative() });
export type FailureCounts = z.infer<typeof FailureCounts>;

const NONE: FailureCounts = { trainer: 0, other: 0 };

/** Failures of earlier attempts of the running activity; none outside of an activity. */
export function failuresBefore(): FailureCounts {
  const details: unknown = context()?.info.heartbeatDetails;
  const found = z.object({ failures: FailureCounts }).safeParse(details);
  return found.success ? found.data.failures : NONE;
}

/** Tells the next attempt of the running activity. */
export function tellNextAttempt(text: string, failures: FailureCounts): void {
  context()?.heartbeat({ text, failures });
}

function context(): Context | null {
  try {
    return Context.current();
  } catch {
    return null;
  }
}
