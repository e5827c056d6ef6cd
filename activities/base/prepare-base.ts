import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { StageResult } from '#workflows/contracts/artifacts.ts';
import { parse } from '#workflows/contracts/parse.ts';
import type { StageRequest } from '#workflows/contracts/requests.ts';
import { HubBase } from '#workflows/contracts/spec.ts';
import { PretrainJob } from '#workflows/contracts/trainer.ts';
import type { ActivityContext } from '../stage/context.ts';
import { hopeless } from '../stage/failures.ts';
import { runStage } from '../stage/run-stage.ts';
import { runTrainerJob } from '../stage/trainer-job.ts';
import { countParameters } from './count-parameters.ts';
import { fetchHubModel } from './fetch-hub-model.ts';
import { readModelConfig } from './model-config.ts';
import { copyModelFolder, digestModelFolder } from './model-folder.ts';

const ImportParams = z.discriminatedUnion('kind', [z.strictObject({ kind: z.literal('folder'), folder: z.string() }), HubBase]);
const PretrainParams = z.strictObject({
  kind: z.literal('pretrain'),
  ...PretrainJob.shape.pretrain.shape,
});

/** The part of a model's config.json that summaries show. Some leave heads and vocabulary to their family (Gemma 3). */
const Config = z.object({ model_type: z.string(), num_hidden_layers: z.int(), num_attention_heads: z.int().optional(), hidden_size: z.int(), vocab_size: z.int().optional() });

/** Brings a base model into the store: a folder's, or one of the hub. */
export function importBase(context: ActivityContext, { recipe, force, locations }: StageRequest): Promise<StageResult> {
  return runStage(context, 'base', { recipe, force }, async (tools) => {
    const params = parse(ImportParams, recipe.params, 'the parameters of a base stage');
    const { outputFolder } = tools;
    if (params.kind === 'hub') await fetchHubModel(context.hub, params, tools);
    else {
      const path = resolve(context.baseFolder, locations[params.folder] ?? '');
      if ((await digestModelFolder(path, 'base.path')) !== params.folder) throw hopeless('ModelMissing', `the model in ${path} changed after the sweep was started; start it again`);
      await copyModelFolder(path, outputFolder, 'base.path');
    }
    return { summary: await describeBase(outputFolder) };
  });
}

/** Makes a tiny base: vocabulary and weights trained on a task's source rows. */
export function pretrainBase(context: ActivityContext, { recipe, force }: StageRequest): Promise<StageResult> {
  return runStage(context, 'base', { recipe, force }, async (tools) => {
    const { kind: _kind, ...pretrain } = parse(PretrainParams, recipe.params, 'the parameters of a base stage');
    const corpus = await tools.input('corpus');
    const corpusFiles = ['train.jsonl', 'pool.jsonl'].map((name) => join(corpus, name));
    const outcome = await runTrainerJob(context, tools, { kind: 'pretrain', corpusFiles, pretrain });
    return { ...outcome, summary: { ...(await describeBase(tools.outputFolder)), ...outcome.summary } };
  });
}

/** Facts of a model folder that summaries and reports show. */
async function describeBase(folder: string) {
  const config = await readModelConfig(Config, folder);
  return { modelType: config.model_type, layers: config.num_hidden_layers, heads: config.num_attention_heads ?? null, hiddenSize: config.hidden_size, vocabulary: config.vocab_size ?? null, parameters: await countParameters(folder) };
}
