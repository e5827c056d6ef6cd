import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { countParameters } from '#activities/base/count-parameters.ts';
import { copyModelFolder, digestModelFolder, ENCODER } from '#activities/base/model-folder.ts';
import { temporaryFolder } from '../../support/folders.ts';

const SHIPPED = fileURLToPath(new URL('../../../examples/models/tiny-llama', import.meta.url));

function copy(): string {
  const folder = join(temporaryFolder(), 'model');
  cpSync(SHIPPED, folder, { recursive: true });
  return folder;
}

it('knows a model by what determines it: notes beside it change nothing, weights do', async () => {
  const digest = await digestModelFolder(SHIPPED, 'base.path');
  const folder = copy();
  writeFileSync(join(folder, 'README.md'), 'other notes');
  mkdirSync(join(folder, '.cache'));
  expect(await digestModelFolder(folder, 'base.path')).toBe(digest);
  writeFileSync(join(folder, 'config.json'), '{}');
  expect(await digestModelFolder(folder, 'base.path')).not.toBe(digest);
});

it('copies the model, and nothing that could run', async () => {
  const folder = copy();
  writeFileSync(join(folder, 'modeling_evil.py'), 'raise SystemExit');
  writeFileSync(join(folder, 'pytorch_model.bin'), 'pickle');
  const target = join(temporaryFolder(), 'copied');
  await copyModelFolder(folder, target, 'base.path');
  const names = readdirSync(target);
  expect(names).toEqual(expect.arrayContaining(['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json']));
  expect(names.filter((name) => /\.(py|bin|md)$/.test(name))).toEqual([]);
});

it('says what a folder lacks, and that a retry does not help', async () => {
  const folder = copy();
  rmSync(join(folder, 'tokenizer.json'));
  rmSync(join(folder, 'model.safetensors'));
  await expect(digestModelFolder(folder, 'models[0].base.path')).rejects.toMatchObject({
    type: 'ModelMissing',
    nonRetryable: true,
    message: expect.stringMatching(/^models\[0\]\.base\.path: .* lacks tokenizer\.json, \*\.safetensors$/),
  });
  await expect(digestModelFolder(join(folder, 'nowhere'), 'models[0].base.path')).rejects.toMatchObject({ type: 'ModelMissing', nonRetryable: true });
});

it('takes an encoder with weights in either form, as what the trainer reads of it', async () => {
  const folder = copy();
  // A folder that is a base is the same as an encoder, so a path has one fingerprint.
  expect(await digestModelFolder(folder, 'path', ENCODER)).toBe(await digestModelFolder(folder, 'path'));
  rmSync(join(folder, 'tokenizer_config.json'));
  const digest = await digestModelFolder(folder, 'path', ENCODER);
  writeFileSync(join(folder, 'pytorch_model.bin'), 'not read, since there are safetensors');
  expect(await digestModelFolder(folder, 'path', ENCODER)).toBe(digest);
  rmSync(join(folder, 'model.safetensors'));
  const pickled = await digestModelFolder(folder, 'path', ENCODER);
  writeFileSync(join(folder, 'pytorch_model.bin'), 'other weights');
  expect(await digestModelFolder(folder, 'path', ENCODER)).not.toBe(pickled);
  rmSync(join(folder, 'pytorch_model.bin'));
  await expect(digestModelFolder(folder, 'tasks[0].retriever.model.path', ENCODER)).rejects.toMatchObject({
    type: 'ModelMissing',
    nonRetryable: true,
    message: expect.stringMatching(/^tasks\[0\]\.retriever\.model\.path: .* lacks \*\.safetensors or pytorch_model\.bin$/),
  });
});

it('counts weights from the headers alone', async () => {
  const folder = temporaryFolder();
  const header = Buffer.from(JSON.stringify({ __metadata__: { format: 'pt' }, a: { dtype: 'F32', shape: [3, 4], data_offsets: [0, 48] }, b: { dtype: 'F32', shape: [5], data_offsets: [48, 68] } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  writeFileSync(join(folder, 'model.safetensors'), Buffer.concat([length, header, Buffer.alloc(68)]));
  expect(await countParameters(folder)).toBe(17);
});

it('names a file that is no model, and that a retry does not help', async () => {
  const folder = copy();
  writeFileSync(join(folder, 'model.safetensors'), 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n');
  await expect(countParameters(folder)).rejects.toMatchObject({ type: 'ModelMissing', nonRetryable: true, message: expect.stringMatching(/model\.safetensors: found \d+ bytes that are no safetensors file.*Git LFS/) });
  writeFileSync(join(folder, 'model.safetensors'), Buffer.concat([Buffer.from([4, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('{"a:')]));
  await expect(countParameters(folder)).rejects.toMatchObject({ type: 'ModelMissing', message: expect.stringContaining('model.safetensors: found no JSON') });
});
