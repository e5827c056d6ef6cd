import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { ArtifactCorrupt, ArtifactMissing } from '#infra/artifacts/errors.ts';
import { JobFailed, ProcessCrashed } from '#infra/launcher/errors.ts';
import { MOST_FAILURES, MOST_LOSSES, retryAfterMs } from '#workflows/attempts.ts';
import { InvalidInput } from '#workflows/contracts/parse.ts';
import { type FailureCounts, failuresBefore, lossesBefore, tellNextAttempt } from './failure-counts.ts';
import { isTurnDown } from './turn-down.ts';

/** A failure that a retry cannot help, with what a person can do about it in its message. */
export function hopeless(type: string, message: string, cause?: Error): ApplicationFailure {
  return ApplicationFailure.create({ type, message, nonRetryable: true, ...(cause && { cause }) });
}

/**
 * The failure that Temporal should see for an error: typed, and non-retryable exactly where a retry cannot help (a bad
 * spec, malformed data, a missing model, a corrupt artifact). A lost connection or a crashed trainer is retried, until there
 * were too many of them, each time after a wait that grows with them alone; `before` counts those of earlier attempts, and the next attempt is told.
 */
export function toFailure(error: unknown, before: FailureCounts = failuresBefore()): unknown {
  const failure = typedFailure(error);
  if (failure instanceof CancelledFailure || !(failure instanceof Error)) return failure;
  if (failure instanceof ApplicationFailure && (failure.nonRetryable || isTurnDown(failure))) return failure;
  const kind = isOfTrainer(error) ? 'trainer' : 'other';
  const failures = { ...before, [kind]: before[kind] + 1 };
  tellNextAttempt(`failed: ${failure.message}`, failures);
  if (failures[kind] < MOST_FAILURES[kind]) return ApplicationFailure.fromError(failure, { nextRetryDelay: retryAfterMs(failures.trainer + failures.other) });
  const type = failure instanceof ApplicationFailure ? (failure.type ?? failure.name) : failure.name;
  return hopeless(type, `${failure.message} (failure ${failures[kind]} of ${MOST_FAILURES[kind]})`, failure);
}

/** @throws a failure that no retry helps where more attempts were lost with their worker than may be */
export function checkLosses(): void {
  const losses = lossesBefore();
  if (losses > MOST_LOSSES) throw hopeless('WorkerLost', `${losses} attempts were lost with their worker, which ended or fell silent while it was at it; allowed: ${MOST_LOSSES}`);
}

/** A full disk is none of the job's doing, and may be over soon. */
function isOfTrainer(error: unknown): boolean {
  return error instanceof ProcessCrashed || (error instanceof JobFailed && error.type !== 'DiskFull');
}

/** The failure that an error is, whatever the attempt. */
export function typedFailure(error: unknown): unknown {
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
