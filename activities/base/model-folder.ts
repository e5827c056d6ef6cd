import { createHash } from 'node:crypto';
import { copyFile, mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { digestFile, listFiles } from '#infra/artifacts/files.ts';
import { hopeless } from '../stage/failures.ts';

/** Files of a model folder that determine what the model does, beside its weights. */
const SETTINGS = /^(?:(config|generation_config|tokenizer|tokenizer_config|special_tokens_map|model\.safetensors\.index|origin)\.json|chat_template\.jinja)$/;

/** What a folder must hold. Of the forms of weights, by their names, the first one that is there is the model's. */
interface FolderForm {
  required: readonly string[];
  weights: Readonly<Record<string, RegExp>>;
}

const SAFETENSORS = { '*.safetensors': /\.safetensors$/ };

/** A base model: weights as safetensors only. */
const BASE: FolderForm = { required: ['config.json', 'tokenizer.json', 'tokenizer_config.json'], weights: SAFETENSORS };

/** A retriever's encoder. Contriever was published in torch's own format, of which the trainer reads nothing but tensors. */
export const ENCODER: FolderForm = {
  required: ['config.json', 'tokenizer.json'],
  weights: { ...SAFETENSORS, 'pytorch_model.bin': /^pytorch_model(-\d+-of-\d+)?\.bin$|^pytorch_model\.bin\.index\.json$/ },
};

/** Names of the model's files in a folder. Throws a non-retryable `ModelMissing` that names what is not there. */
async function modelFiles(folder: string, field: string, { required, weights }: FolderForm): Promise<string[]> {
  const forms = Object.keys(weights).join(' or ');
  if (!(await stat(folder).catch(() => null))?.isDirectory()) {
    throw hopeless('ModelMissing', `${field}: found no folder at ${folder}, allowed: a folder with ${required.join(', ')} and weights (${forms})`);
  }
  const names = listFiles(folder);
  const form = Object.values(weights).find((pattern) => names.some((name) => pattern.test(name)));
  const missing = [...required.filter((name) => !names.includes(name)), ...(form === undefined ? [forms] : [])];
  if (missing.length > 0) throw hopeless('ModelMissing', `${field}: ${folder} lacks ${missing.join(', ')}`);
  return names.filter((name) => SETTINGS.test(name) || form?.test(name));
}

/** SHA-256 over names and contents of the model's files. */
export async function digestModelFolder(folder: string, field: string, form = BASE): Promise<string> {
  const hash = createHash('sha256');
  for (const name of await modelFiles(folder, field, form)) hash.update(`${name}\0${(await digestFile(join(folder, name))).sha256}\n`);
  return hash.digest('hex');
}

/** Copies the model's files. */
export async function copyModelFolder(folder: string, target: string, field: string): Promise<void> {
  for (const name of await modelFiles(folder, field, BASE)) {
    await mkdir(dirname(join(target, name)), { recursive: true });
    await copyFile(join(folder, name), join(target, name));
  }
}
