import { HubRefused } from './errors.ts';

/** A file of a model repository, and what its bytes must be: by the SHA-256 of large files, the git blob id of small ones. */
export interface HubFile {
  path: string;
  bytes: number;
  sha256: string | undefined;
  gitBlob: string;
}

export const INDEX = 'model.safetensors.index.json';
const REQUIRED = ['config.json', 'tokenizer.json'];
const OPTIONAL = ['generation_config.json', 'tokenizer_config.json', 'special_tokens_map.json', 'chat_template.jinja'];
const SINGLE = 'model.safetensors';
/** As transformers names them, now and in some of its versions. */
const SHARD = /^model(\.safetensors)?-\d+-of-\d+\.safetensors$/;

/**
 * Of a repository's files those that a model is loaded from: settings, tokenizer, and weights as safetensors; never pickles or
 * code, nor the weights a second time in another form. `model` names the repository in messages. Throws `HubRefused`.
 */
export function modelFiles(files: readonly HubFile[], model: string): HubFile[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const shards = files.filter(({ path }) => SHARD.test(path)).map(({ path }) => path);
  const weights = byPath.has(INDEX) ? [INDEX, ...shards] : [SINGLE];
  const missing = [...REQUIRED, ...(byPath.has(INDEX) && shards.length === 0 ? ['model-….safetensors'] : weights)].filter((path) => !byPath.has(path));
  if (missing.length > 0) {
    const others = files.map(({ path }) => path).filter((path) => /\.(bin|pt|pth|gguf|h5|model)$/.test(path));
    const instead = others.length > 0 ? ` (it has ${others.slice(0, 3).join(', ')}${others.length > 3 ? ', …' : ''})` : '';
    throw new HubRefused(`${model}: found no ${missing.join(', ')}${instead}, allowed: a model with config.json, tokenizer.json and weights as safetensors`);
  }
  return [...REQUIRED, ...OPTIONAL, ...weights].flatMap((path) => byPath.get(path) ?? []);
}

/** Throws `HubRefused` where the index names a shard that is not among the files. */
export function checkIndex(index: string, files: readonly HubFile[], model: string): void {
  const there = new Set(files.map(({ path }) => path));
  const lacking = [...shardsOf(index, model)].find((shard) => !there.has(shard));
  if (lacking !== undefined) throw new HubRefused(`${model}: ${INDEX} names ${lacking}, which the repository has not; allowed: a complete set of shards`);
}

function shardsOf(index: string, model: string): Set<string> {
  try {
    return new Set(Object.values((JSON.parse(index) as { weight_map: Record<string, string> }).weight_map));
  } catch {
    throw new HubRefused(`${model}: found no weight_map in ${INDEX}, allowed: an index as transformers writes it`);
  }
}
