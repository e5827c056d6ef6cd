/** A workflow of trainer jobs alone, all in the queue at once, under the policies of stages. */
import type { Recipe } from '#workflows/contracts/artifacts.ts';
import { runStage } from '#workflows/stage.ts';

export async function trainerJobs(jobs: { recipe: Recipe; priority?: number }[]) {
  return Promise.all(jobs.map(({ recipe, priority }, at) => runStage(`job ${at}`, recipe, priority === undefined ? {} : { priority })));
}
