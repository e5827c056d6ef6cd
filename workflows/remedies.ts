/** What a person can do about a failure, by its type; shown beside the cause wherever a stage is blocked. */
import { TRAINER_QUEUE } from './queues.ts';

const REMEDIES: Readonly<Record<string, string>> = {
  OutOfMemory: 'make room on the device, or retry where a worker with a larger one listens; a shorter contextTokens is another sweep',
  DiskFull: 'make room on the disk of the worker, then retry',
  TrainerCrashed: 'see the log of the trainer, then retry; its training goes on from the last checkpoint',
  WorkerLost: 'see in the logs of the workers, and of their machines, what ends them (memory, as a rule), then retry; a training goes on from the last checkpoint',
  NaNLoss: 'skip, or start a sweep with a lower train.learningRate; what does not rest on it is used again',
  NaNLogits: 'skip, or start a sweep with a lower train.learningRate or dtype float32; what does not rest on it is used again',
  SourceError: 'put the right file in place, then skip or finish and start the sweep again; a file with other bytes makes other artifacts',
  DataError: 'discard the artifact that the message names, then retry, which makes it anew',
  ModelMissing: 'put the model in place on every worker, then retry',
  UnsupportedModel: 'skip; this model cannot be used',
  PackageMissing: 'install the package on the trainers, then retry',
  PromptTooLong: 'skip, or start a sweep with other contextTokens: no more than the model has positions for, and enough for every prompt',
  NoTrainer: `start a trainer worker on the queue ${TRAINER_QUEUE}, then retry`,
  ArtifactMissing: 'an input is gone from the store; retry, which makes it anew',
  ArtifactCorrupt: 'see what damages the store; retry, which makes it anew',
  InvalidInput: 'skip, or start a sweep with a spec that is allowed',
  BatchesUnanswered: 'retry later, or start the sweep with write.mode "online"',
  Cancelled: 'retry to go on where it stopped, or skip',
  Terminated: 'retry to go on where it stopped, or skip',
  TimedOut: 'retry with a longer run.timeoutHours, or skip; a training goes on from its last checkpoint',
};

/** The advice for a type of failure; for one that is not known, to try again when the cause is gone. */
export function remedyFor(type: string): string {
  return REMEDIES[type] ?? 'retry when the cause is gone, or skip';
}
