import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { log } from '@temporalio/activity';
import { z } from 'zod';
import type { StageResult } from '#workflows/contracts/artifacts.ts';
import { parse } from '#workflows/contracts/parse.ts';
import type { StageRequest } from '#workflows/contracts/requests.ts';
import { CHECKPOINT_MINUTES } from '#workflows/contracts/spec.ts';
import { TrainJob } from '#workflows/contracts/trainer.ts';
import { artifactKey } from '#workflows/plan/keys.ts';
import type { ActivityContext } from '../stage/context.ts';
import { contextTokensOf } from '../stage/context-tokens.ts';
import { Loading, modelRef } from '../stage/loading.ts';
import { runStage } from '../stage/run-stage.ts';
import { runTrainerJob } from '../stage/trainer-job.ts';
import { CheckpointUploads } from './checkpoint-uploads.ts';

const Params = z.strictObject({ model: Loading, train: TrainJob.shape.train });

/** Room for the answer behind the longest prompt. */
const ANSWER_TOKENS = 256;

/**
 * LoRA fine-tuning of the base on one condition's training split (paper, section 2.2 and C.3). It goes on where an earlier
 * attempt was cut off, on whatever worker that ran, and ends with the same adapter.
 */
export function trainAdapter(context: ActivityContext, { recipe, force, checkpointMinutes = CHECKPOINT_MINUTES }: StageRequest): Promise<StageResult> {
  return runStage(context, 'train', { recipe, force }, async (tools) => {
    const { model, train } = parse(Params, recipe.params, 'the parameters of a train stage');
    const base = await tools.input('base');
    const trainFile = join(await tools.input('dataset'), 'train.jsonl');
    const maxTokens = (await contextTokensOf(tools, 'dataset')) + ANSWER_TOKENS;
    const address = { kind: recipe.stage, key: artifactKey(recipe) };
    const folder = join(tools.workFolder(), 'checkpoints');
    await mkdir(folder);
    const warn = (text: string) => log.warn(text);
    const resumed = await context.checkpoints.fetchNewest(address, folder, (name, problem) => warn(`checkpoint ${name} of train/${address.key} is not used: ${problem}`));
    const uploads = new CheckpointUploads(context.checkpoints, address, { folder, resumed, warn });
    try {
      const outcome = await runTrainerJob(
        context,
        tools,
        { kind: 'train', model: modelRef(model, base), trainFile, maxTokens, train, checkpoints: { folder, minutes: checkpointMinutes } },
        tools.outputFolder,
        { onCheckpoint: ({ name }) => uploads.add(name) },
      );
      return { ...outcome, afterCommit: () => context.checkpoints.discard(address) };
    } finally {
      await uploads.settled();
    }
  });
}
