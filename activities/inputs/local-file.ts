import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { digestFile } from '#infra/artifacts/files.ts';
import { isUrl } from '#workflows/contracts/source-file.ts';
import type { ActivityContext } from '../stage/context.ts';
import { hopeless } from '../stage/failures.ts';
import type { StageProgress } from '../stage/heartbeat.ts';

export interface LocalFileOptions {
  /** SHA-256 that the file is expected to have: spares the download of a copy that is there. Paths are not checked against it. */
  sha256?: string | undefined;
  progress?: ((progress: StageProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * A file of the spec as a local path, with its SHA-256: itself where its location is a path, else its downloaded copy.
 * Throws non-retryable failures that say where it was looked for and what is allowed.
 */
export async function localFile(
  { baseFolder, downloads }: Pick<ActivityContext, 'baseFolder' | 'downloads'>,
  location: string,
  { sha256, progress, signal }: LocalFileOptions,
): Promise<{ file: string; sha256: string }> {
  if (isUrl(location)) {
    return downloads.fetch(location, {
      sha256,
      signal,
      onProgress: ({ bytes, total }) => progress?.({ phase: 'downloading', done: bytes, total: total ?? bytes, unit: 'bytes' }),
    });
  }
  if (!(await isThere(baseFolder, location))) throw hopeless('SourceError', notFound([location]));
  const file = resolve(baseFolder, location);
  return { file, sha256: (await digestFile(file)).sha256 };
}

/** Whether there is a file at a location that is no URL. */
export async function isThere(baseFolder: string, location: string): Promise<boolean> {
  return (await stat(resolve(baseFolder, location)).catch(() => null))?.isFile() === true;
}

/** What is to be said of locations without a file. */
export const notFound = (locations: readonly string[]): string => `found no file at ${locations.join(', nor at ')}, allowed: a readable file (relative paths start at the checkout of the worker)`;
