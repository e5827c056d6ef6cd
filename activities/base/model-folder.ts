import { createHash } from 'node:crypto';
import { copyFile, mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { digestFile, listFiles } from '#infra/artifacts/files.ts';
import { hopeless } from '../stage/failures.ts';

/** Files of a model folder that determine what the model does; weights as safetensors only. */
const MODEL_FILE = /^(config|generation_config|tokenizer|tokenizer_config|special_tokens_map|model\.safetensors\.index|origin)\.json$|\.safetensors$/;
const REQUIRED = ['config.json', 'tokenizer.json', 'tokenizer_config.json'];

/** Names of the model's files in a folder. Throws a non-retryable `ModelMissing` that names what is not there. */
async function modelFiles(folder: string, field: string): Promise<string[]> {
  if (!(await stat(folder).catch(() => null))?.isDirectory()) {
    throw hopeless('ModelMissing', `${field}: found no folder at ${folder}, allowed: a folder with ${REQUIRED.join(', ')} and safetensors weights`);
  }
  const names = (await listFiles(folder)).filter((name) => MODEL_FILE.test(name));
  const missing = [...REQUIRED.filter((name) => !names.includes(name)), ...(names.some((name) => name.endsWith('.safetensors')) ? [] : ['*.safetensors'])];
  if (missing.length > 0) throw hopeless('ModelMissing', `${field}: ${folder} lacks ${missing.join(', ')}`);
  return names;
}

/** SHA-256 over names and contents of the model's files. */
export async function digestModelFolder(folder: string, field: string): Promise<string> {
  const hash = createHash('sha256');
  for (const name of await modelFiles(folder, field)) hash.update(`${name}\0${(await digestFile(join(folder, name))).sha256}\n`);
  return hash.digest('hex');
}

/** Copies the model's files. */
export async function copyModelFolder(folder: string, target: string, field: string): Promise<void> {
  for (const name of await modelFiles(folder, field)) {
    await mkdir(dirname(join(target, name)), { recursive: true });
    await copyFile(join(folder, name), join(target, name));
  }
}
