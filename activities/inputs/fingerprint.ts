import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { digestFile } from '#infra/artifacts/files.ts';
import type { Base, Source, SweepSpec } from '#workflows/contracts/spec.ts';
import { type Fingerprints, MINIATURE_WORLD } from '#workflows/plan/recipes.ts';
import { filesOf } from '#workflows/plan/source-files.ts';
import type { z } from 'zod';
import { digestModelFolder } from '../base/model-folder.ts';
import { hopeless, toFailure } from '../stage/failures.ts';
import { MINIATURE_WORLD_FILE } from '../source/miniature/world.ts';

/**
 * SHA-256 of every file and model folder that the spec names (relative paths start at `baseFolder`), and of the authored
 * world where a task uses it. Throws a non-retryable failure that names the field of a file that is missing or not the expected one.
 */
export async function fingerprintInputs(baseFolder: string, spec: SweepSpec): Promise<Fingerprints> {
  try {
    const fingerprints: Record<string, string> = {};
    for (const [index, { source }] of spec.tasks.entries()) Object.assign(fingerprints, await fingerprintSource(baseFolder, source, `tasks[${index}].source`));
    for (const [index, { base }] of spec.models.entries()) Object.assign(fingerprints, await fingerprintBase(baseFolder, base, `models[${index}].base`));
    return fingerprints;
  } catch (error) {
    throw toFailure(error);
  }
}

async function fingerprintSource(baseFolder: string, source: Source, field: string): Promise<Record<string, string>> {
  if (source.kind === 'miniature') return { [MINIATURE_WORLD]: (await digestFile(MINIATURE_WORLD_FILE)).sha256 };
  const found: Record<string, string> = {};
  for (const { field: name, path, sha256: expected } of filesOf(source)) {
    const { sha256 } = await digest(resolve(baseFolder, path), `${field}.${name}`, path);
    if (expected !== undefined && sha256 !== expected) {
      throw hopeless('SourceError', `${field}.${name}Sha256: found ${sha256} for ${path}, allowed: ${expected}`);
    }
    found[path] = sha256;
  }
  return found;
}

async function fingerprintBase(baseFolder: string, base: z.infer<typeof Base>, field: string): Promise<Record<string, string>> {
  if (base.kind !== 'folder') return {};
  return { [base.path]: await digestModelFolder(resolve(baseFolder, base.path), `${field}.path`) };
}

async function digest(file: string, field: string, path: string): Promise<{ sha256: string }> {
  const found = await stat(file).catch(() => null);
  if (!found?.isFile()) throw hopeless('SourceError', `${field}: found no file at ${path}, allowed: a readable file (relative paths start at the checkout of the worker)`);
  return digestFile(file);
}
