import { createHash } from 'node:crypto';
import type { Manifest } from '#infra/artifacts/manifest.ts';

/** Files that tell how a run went, and so differ from run to run; no stage reads them. */
export const OF_THE_RUN: ReadonlySet<string> = new Set(['pace.jsonl']);

/** Hash of what an artifact holds for those that read it: the same for the same bytes, whenever they were made. */
export function contentOf({ files }: Pick<Manifest, 'files'>): string {
  const hash = createHash('sha256');
  for (const { name, sha256 } of files) if (!OF_THE_RUN.has(name)) hash.update(`${name}\0${sha256}\n`);
  return hash.digest('hex').slice(0, 32);
}
