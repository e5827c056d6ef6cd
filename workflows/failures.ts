/** Failures as people read them, and stages that were given up. */
import { ActivityFailure, ApplicationFailure, CancelledFailure, ChildWorkflowFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/workflow';
import type { Failure } from './contracts/progress.ts';
import { remedyFor } from './remedies.ts';

/** What a person, or the spec, said about something blocked. */
export type Verdict = 'retry' | 'skip' | 'finish';

const GIVEN_UP = 'GivenUp';

/** Ends what rests on stages that will not be made in this run. Its message names cell, stage, cause and remedy. */
export function givenUp(failures: readonly Failure[], by: Exclude<Verdict, 'retry'>): ApplicationFailure {
  const message = failures.map((failure) => `${failure.message}. What to do: ${failure.remedy}`).join('; ');
  return ApplicationFailure.create({ type: GIVEN_UP, message, nonRetryable: true, details: [{ failures, by }] });
}

/** What was given up, and by which word, where `error` is that; else null. */
export function givenUpIn(error: unknown): { failures: Failure[]; by: Exclude<Verdict, 'retry'> } | null {
  const cause = error instanceof ChildWorkflowFailure ? error.cause : error;
  if (!(cause instanceof ApplicationFailure) || cause.type !== GIVEN_UP) return null;
  return cause.details?.[0] as { failures: Failure[]; by: Exclude<Verdict, 'retry'> };
}

/** What failed, in words. `label` names the cell where the failure does not do so itself. */
export function failureOf(error: unknown, label: string): Failure {
  const cause = error instanceof ChildWorkflowFailure || error instanceof ActivityFailure ? (error.cause ?? error) : error;
  const as = (type: string, message: string, stage = 'unknown'): Failure => ({ stage, type, message, remedy: remedyFor(type) });
  if (cause instanceof ApplicationFailure) return as(cause.type ?? 'Error', cause.message, String(cause.details?.[0] ?? 'unknown'));
  if (cause instanceof CancelledFailure) return as('Cancelled', `${label}: its workflow was cancelled`);
  if (cause instanceof TerminatedFailure) return as('Terminated', `${label}: its workflow was terminated`);
  if (cause instanceof TimeoutFailure) return as('TimedOut', `${label}: ${cause.message}`);
  return as('Error', `${label}: ${cause instanceof Error ? cause.message : String(cause)}`);
}
