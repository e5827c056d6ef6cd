import { resolve } from 'node:path';
import { digestFile } from '#infra/artifacts/files.ts';
import type { Base, Retriever, Source, SweepSpec } from '#workflows/contracts/spec.ts';
import { type Fingerprints, MINIATURE_WORLD } from '#workflows/plan/recipes.ts';
import { isUrl } from '#workflows/contracts/source-file.ts';
import { filesOf, type NamedFile } from '#workflows/plan/source-files.ts';
import type { z } from 'zod';
import { digestModelFolder, ENCODER } from '../base/model-folder.ts';
import type { ActivityContext } from '../stage/context.ts';
import { hopeless, toFailure, typedFailure } from '../stage/failures.ts';
import { MINIATURE_WORLD_FILE } from '../source/miniature/world.ts';
import { isThere, localFile, type LocalFileOptions, notFound } from './local-file.ts';

type Means = Pick<ActivityContext, 'baseFolder' | 'downloads'>;
type Watch = Pick<LocalFileOptions, 'progress' | 'signal'>;

/**
 * SHA-256 of every file and model folder that the spec names (relative paths start at the base folder, URLs are downloaded),
 * and of the authored world where a task uses it. Throws a non-retryable failure that names the field of a file that is
 * missing or not the expected one.
 */
export async function fingerprintInputs(means: Means, spec: SweepSpec, watch: Watch = {}): Promise<Fingerprints> {
  try {
    await requireFiles(means, spec);
    const fingerprints: Record<string, string> = {};
    for (const [index, { source, retriever }] of spec.tasks.entries()) {
      Object.assign(fingerprints, await fingerprintSource(means, source, `tasks[${index}].source`, watch));
      Object.assign(fingerprints, await fingerprintRetriever(means, retriever, `tasks[${index}].retriever`));
    }
    for (const [index, { base }] of spec.models.entries()) Object.assign(fingerprints, await fingerprintBase(means, base, `models[${index}].base`));
    return fingerprints;
  } catch (error) {
    throw toFailure(error);
  }
}

/** Before anything is read or downloaded, all files of sources that are not there are told of at once, by the field of the first. */
async function requireFiles({ baseFolder }: Means, { tasks }: SweepSpec): Promise<void> {
  const named = tasks.flatMap(({ source }, index) => filesOf(source).map(({ location, field }) => ({ location, field: `tasks[${index}].source.${field}` })));
  const there = await Promise.all(named.map(({ location }) => isUrl(location) || isThere(baseFolder, location)));
  const lacking = named.filter((_, at) => there[at] === false);
  const [first] = lacking;
  if (first !== undefined) throw hopeless('SourceError', `${first.field}: ${notFound(lacking.map(({ location }) => location))}`);
}

async function fingerprintSource(means: Means, source: Source, field: string, watch: Watch): Promise<Record<string, string>> {
  if (source.kind === 'miniature') return { [MINIATURE_WORLD]: (await digestFile(MINIATURE_WORLD_FILE)).sha256 };
  const found: Record<string, string> = {};
  for (const file of filesOf(source)) found[file.location] = await fingerprintFile(means, file, `${field}.${file.field}`, watch);
  return found;
}

async function fingerprintFile(means: Means, { location, sha256: expected }: NamedFile, field: string, watch: Watch): Promise<string> {
  const { sha256 } = await localFile(means, location, { sha256: expected, ...watch }).catch((error: unknown) => {
    const failure = typedFailure(error);
    throw isHopeless(failure) ? hopeless('SourceError', `${field}: ${failure.message}`) : failure;
  });
  if (expected !== undefined && sha256 !== expected) throw hopeless('SourceError', `${field}.sha256: found ${sha256} for ${location}, allowed: ${expected}`);
  return sha256;
}

function isHopeless(failure: unknown): failure is Error {
  return failure instanceof Error && 'nonRetryable' in failure && failure.nonRetryable === true;
}

async function fingerprintRetriever({ baseFolder }: Means, retriever: Retriever, field: string): Promise<Record<string, string>> {
  if (retriever.kind === 'bm25') return {};
  const { path } = retriever.model;
  return { [path]: await digestModelFolder(resolve(baseFolder, path), `${field}.model.path`, ENCODER) };
}

async function fingerprintBase({ baseFolder }: Means, base: z.infer<typeof Base>, field: string): Promise<Record<string, string>> {
  if (base.kind !== 'folder') return {};
  return { [base.path]: await digestModelFolder(resolve(baseFolder, base.path), `${field}.path`) };
}
