import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunOptions } from '#infra/launcher/job-process.ts';
import { TrainerJob } from '#workflows/contracts/trainer.ts';
import { parse } from '#workflows/contracts/parse.ts';
import { TRAINER_QUEUE } from '#workflows/queues.ts';
import { affinityOf } from './affinity.ts';
import type { ActivityContext } from './context.ts';
import { hopeless } from './failures.ts';
import type { StageOutcome, StageWork } from './run-stage.ts';

/** A job as a stage states it: everything but what `runTrainerJob` fills in. */
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
export type JobRequest = DistributiveOmit<TrainerJob, 'jobId' | 'outputDir' | 'seed'>;

/**
 * Runs one trainer job on this worker's trainer, with its progress as heartbeats. Files go to `outputFolder` (the
 * artifact's own by default). Returns what the trainer measured. Throws `JobFailed` or `ProcessCrashed`.
 */
export async function runTrainerJob(
  { trainer }: ActivityContext,
  { recipe, workFolder, outputFolder, progress, log, signal }: StageWork,
  request: JobRequest,
  jobOutputFolder = outputFolder,
  listeners: Pick<RunOptions, 'onCheckpoint'> = {},
): Promise<Required<Omit<StageOutcome, 'afterCommit'>>> {
  if (trainer === null) throw hopeless('NoTrainer', `this worker has no trainer; trainer stages belong on the ${TRAINER_QUEUE} task queue`);
  const folder = workFolder();
  const jobId = `${recipe.stage}-${folder.split('/').at(-2) ?? ''}`;
  const job = parse(TrainerJob, { ...request, jobId, outputDir: jobOutputFolder, seed: recipe.seed }, `the trainer job of a ${recipe.stage} stage`);
  const file = join(folder, 'job.json');
  await writeFile(file, JSON.stringify(job, null, 2));
  const { result, ready } = await trainer.run(jobId, file, affinityOf(recipe), {
    ...listeners,
    writes: 'checkpoints' in job && job.checkpoints !== null ? [jobOutputFolder, job.checkpoints.folder] : [jobOutputFolder],
    signal,
    onLog: (level, message) => log(level === 'info' ? message : `${level}: ${message}`),
    onProgress: ({ phase, done, total, unit, metrics }) => progress({ phase, done, total, unit, metrics }),
  });
  return { summary: result.summary, measurements: { ...result.measurements, device: ready.device.name, threads: ready.device.threads }, versions: ready.versions };
}
