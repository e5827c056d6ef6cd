import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Head } from '#workflows/contracts/experiment.ts';
import type { ActivityContext } from '../stage/context.ts';
import type { StageWork } from '../stage/run-stage.ts';
import { type JobRequest, runTrainerJob } from '../stage/trainer-job.ts';
import { metricsOf } from './metrics-of.ts';

type HeadSetJob = Extract<JobRequest, { headSets: unknown }>;
type WithoutSets<T> = T extends unknown ? Omit<T, 'headSets'> : never;

/**
 * Has a model answer the test questions with each of these sets of heads masked or patched, and as it is (`plain`, the name of the
 * trainer's file for that); predictions are kept in the folder `predictions` of the artifact. Returns the F1 of each.
 */
export async function answerWithHeadSets<S extends { id: string; heads: Head[] }>(context: ActivityContext, tools: StageWork, job: WithoutSets<HeadSetJob>, sets: readonly S[], plain: string) {
  const folder = join(tools.outputFolder, 'predictions');
  await mkdir(folder);
  const outcome = await runTrainerJob(context, tools, { ...job, headSets: sets.map(({ id, heads }) => ({ id, heads })) } as HeadSetJob, folder);
  const metrics = (id: string) => metricsOf(job.dataFile, join(folder, `${id}.jsonl`));
  const { examples, f1 } = await metrics(plain);
  return { outcome, examples, plainF1: f1, sets: await Promise.all(sets.map(async (set) => ({ ...set, f1: (await metrics(set.id)).f1 }))) };
}
