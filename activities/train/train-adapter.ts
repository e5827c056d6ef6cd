import { join } from 'node:path';
import { z } from 'zod';
import type { StageResult } from '#workflows/contracts/artifacts.ts';
import { parse } from '#workflows/contracts/parse.ts';
import type { StageRequest } from '#workflows/contracts/requests.ts';
import { TrainJob } from '#workflows/contracts/trainer.ts';
import type { ActivityContext } from '../stage/context.ts';
import { Loading, modelRef } from '../stage/loading.ts';
import { runStage } from '../stage/run-stage.ts';
import { runTrainerJob } from '../stage/trainer-job.ts';
import { maxTokensOf } from './max-tokens.ts';

const Params = z.strictObject({ model: Loading, train: TrainJob.shape.train });

/** LoRA fine-tuning of the base on one condition's training split (paper, section 2.2 and C.3). */
export function trainAdapter(context: ActivityContext, { recipe }: StageRequest): Promise<StageResult> {
  return runStage(context, 'train', recipe, async (tools) => {
    const { model, train } = parse(Params, recipe.params, 'the parameters of a train stage');
    const base = await tools.input('base');
    const trainFile = join(await tools.input('dataset'), 'train.jsonl');
    return runTrainerJob(context, tools, { kind: 'train', model: modelRef(model, base), trainFile, maxTokens: await maxTokensOf(trainFile), train });
  });
}
