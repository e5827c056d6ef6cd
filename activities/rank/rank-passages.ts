import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { StageResult } from '#workflows/contracts/artifacts.ts';
import { parse } from '#workflows/contracts/parse.ts';
import type { StageRequest } from '#workflows/contracts/requests.ts';
import { RankJob } from '#workflows/contracts/trainer.ts';
import { digestModelFolder, ENCODER } from '../base/model-folder.ts';
import { rowFiles } from '../source/index.ts';
import type { ActivityContext } from '../stage/context.ts';
import { hopeless } from '../stage/failures.ts';
import { runStage } from '../stage/run-stage.ts';
import { runTrainerJob } from '../stage/trainer-job.ts';

const { dtype, device } = RankJob.shape.encoder.shape;
const Params = z.strictObject({ kind: z.literal('contriever'), encoder: z.string(), dtype, device, rank: RankJob.shape.rank });

/** The passages of a source's pool that are most like each question, by a dense retriever; the encoder's folder is read where it lies. */
export function rankPassages(context: ActivityContext, { recipe, force, locations }: StageRequest): Promise<StageResult> {
  return runStage(context, 'rank', { recipe, force }, async (tools) => {
    const params = parse(Params, recipe.params, 'the parameters of a rank stage');
    const path = resolve(context.baseFolder, locations[params.encoder] ?? '');
    const found = await digestModelFolder(path, 'retriever.model.path', ENCODER);
    if (found !== params.encoder) throw hopeless('ModelMissing', `the encoder in ${path} changed after the sweep was started, or is another one on this worker; start it again`);
    const source = await tools.input('source');
    return runTrainerJob(context, tools, {
      kind: 'rank',
      encoder: { path, dtype: params.dtype, device: params.device },
      passagesFile: join(source, 'pool.jsonl'),
      questionFiles: rowFiles(source),
      rank: params.rank,
    });
  });
}
