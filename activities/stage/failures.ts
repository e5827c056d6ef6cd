import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { ArtifactCorrupt, ArtifactMissing } from '#infra/artifacts/errors.ts';
import { JobFailed, ProcessCrashed } from '#infra/launcher/errors.ts';
import { LAST_ATTEMPT } from '#workflows/attempts.ts';
import { InvalidInput } from '#workflows/contracts/parse.ts';

/** A failure that a retry cannot help, with what a person can do about it in its message. */
export function hopeless(type: string, message: string, cause?: Error): ApplicationFailure {
  return ApplicationFailure.create({ type, message, nonRetryable: true, ...(cause && { cause }) });
}

/**
 * The failure that Temporal should see for an error: typed, and non-retryable exactly where a retry cannot help (a bad
 * spec, malformed data, a missing model, a corrupt artifact). A lost connection or a crashed trainer is retried, up to the
 * last attempt.
 */
export function toFailure(error: unknown, attempt = currentAttempt()): unknown {
  const failure = typed(error);
  const last = error instanceof JobFailed || error instanceof ProcessCrashed ? LAST_ATTEMPT.trainer : LAST_ATTEMPT.other;
  if (attempt < last || failure instanceof CancelledFailure || !(failure instanceof Error)) return failure;
  if (failure instanceof ApplicationFailure && failure.nonRetryable) return failure;
  const type = failure instanceof ApplicationFailure ? (failure.type ?? failure.name) : failure.name;
  return hopeless(type, `${failure.message} (attempt ${attempt}, the last one)`, failure);
}

/** 1 outside of an activity. */
function currentAttempt(): number {
  try {
    return activityInfo().attempt;
  } catch {
    return 1;
  }
}

function typed(error: unknown): unknown {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure || !(error instanceof Error)) return error;
  if (error instanceof InvalidInput) return hopeless('InvalidInput', error.message);
  if (error instanceof ArtifactCorrupt) {
    // Trying the same again would find the same; the workflow has it made anew (workflows/steering/healing.ts).
    return hopeless('ArtifactCorrupt', `${error.message}. It was discarded`, error);
  }
  if (error instanceof ArtifactMissing) return ApplicationFailure.create({ type: 'ArtifactMissing', message: error.message });
  if (error instanceof JobFailed) return ApplicationFailure.create({ type: error.type, message: error.message, nonRetryable: !error.retryable });
  if (error instanceof ProcessCrashed) return ApplicationFailure.create({ type: 'TrainerCrashed', message: error.message });
  if ('nonRetryable' in error && error.nonRetryable === true) return hopeless(error.name, error.message);
  return error;
}
