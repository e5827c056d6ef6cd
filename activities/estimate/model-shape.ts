import { resolve } from 'node:path';
import { z } from 'zod';
import type { ModelSpec } from '#workflows/contracts/spec.ts';
import { countParameters } from '../base/count-parameters.ts';
import { readModelConfig } from '../base/model-config.ts';
import type { ModelShape } from './gpu-hours.ts';

const Config = z.looseObject({ num_hidden_layers: z.int(), hidden_size: z.int() });
const Known = z.object({ parameters: z.int(), layers: z.int(), hiddenSize: z.int() });

/** The paper's models, so that its grid can be estimated before 30 GB were fetched. */
const OF_THE_PAPER: Readonly<Record<string, ModelShape>> = {
  'meta-llama/Meta-Llama-3-8B-Instruct': { parameters: 8_030_261_248, layers: 32, hiddenSize: 4096 },
  'mistralai/Mistral-7B-Instruct-v0.1': { parameters: 7_241_732_096, layers: 32, hiddenSize: 4096 },
};

/**
 * The shape of a spec's model: read from its folder, or what the sweep would pretrain. Of a model of the hub it is known once it
 * was fetched: `summary` is that of its artifact, null where there is none; then null, but for the paper's models.
 */
export async function modelShape(baseFolder: string, { base }: ModelSpec, summary: Readonly<Record<string, unknown>> | null): Promise<ModelShape | null> {
  if (base.kind === 'hub') return Known.safeParse(summary).data ?? OF_THE_PAPER[base.id] ?? null;
  if (base.kind === 'pretrain') {
    const { vocabularySize, layers, hiddenSize, attentionHeads, keyValueHeads, feedForwardSize } = base;
    const attention = hiddenSize * hiddenSize * (2 + (2 * keyValueHeads) / attentionHeads);
    return { parameters: 2 * vocabularySize * hiddenSize + layers * (attention + 3 * hiddenSize * feedForwardSize), layers, hiddenSize };
  }
  const folder = resolve(baseFolder, base.path);
  const config = await readModelConfig(Config, folder);
  return { parameters: await countParameters(folder), layers: config.num_hidden_layers, hiddenSize: config.hidden_size };
}
