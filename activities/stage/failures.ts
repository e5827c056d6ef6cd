import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { ArtifactCorrupt, ArtifactMissing } from '#infra/artifacts/errors.ts';
import { JobFailed, ProcessCrashed } from '#infra/launcher/errors.ts';
import { InvalidInput } from '#workflows/contracts/parse.ts';

/** A failure that a retry cannot help, with what a person can do about it in its message. */
export function hopeless(type: string, message: string, cause?: Error): ApplicationFailure {
  return ApplicationFailure.create({ type, message, nonRetryable: true, ...(cause && { cause }) });
}

/**
 * The failure that Temporal should see for an error: typed, and non-retryable exactly where a retry cannot help (a bad
 * spec, malformed data, a missing model, a corrupt artifact). A lost connection or a crashed trainer is retried.
 */
export function toFailure(error: unknown): unknown {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure || !(error instanceof Error)) return error;
  if (error instanceof InvalidInput) return hopeless('InvalidInput', error.message);
  if (error instanceof ArtifactCorrupt) {
    const { kind, key } = error.artifact;
    const discard = `temporal workflow start --type discard --task-queue needlework --input '{"stage":"${kind}","key":"${key}"}'`;
    return hopeless('ArtifactCorrupt', `${error.message}. To make it anew, discard it (${discard}) and start the sweep again`, error);
  }
  if (error instanceof ArtifactMissing) return ApplicationFailure.create({ type: 'ArtifactMissing', message: error.message });
  if (error instanceof JobFailed) return ApplicationFailure.create({ type: error.type, message: error.message, nonRetryable: !error.retryable });
  if (error instanceof ProcessCrashed) return ApplicationFailure.create({ type: 'TrainerCrashed', message: error.message });
  if ('nonRetryable' in error && error.nonRetryable === true) return hopeless(error.name, error.message);
  return error;
}
