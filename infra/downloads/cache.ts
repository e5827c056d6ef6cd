import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { digestFile } from '#infra/artifacts/files.ts';
import { commandLineOf } from '#infra/servers/processes.ts';

/** A downloaded file on this machine. Shared: read only. */
export interface LocalCopy {
  file: string;
  sha256: string;
  bytes: number;
}

/** What was last found at a URL. */
const Found = z.object({ url: z.string(), etag: z.string(), sha256: z.string() });
type Found = z.infer<typeof Found>;

/**
 * Downloaded files by their hash, and what was found at which URL.
 * `files/<sha256>/<name>`, `urls/<id>.json`, and `partial/<id>.<process>/` for what is under way.
 */
export class DownloadCache {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The copy with this hash, read again to be sure of it; null where there is none. A damaged one is removed. */
  async byHash(sha256: string): Promise<LocalCopy | null> {
    const folder = join(this.#folder, 'files', sha256);
    const [name] = await readdir(folder).catch(() => []);
    if (name === undefined) return null;
    const file = join(folder, name);
    const found = await digestFile(file);
    if (found.sha256 === sha256) return { file, ...found };
    await rm(folder, { recursive: true, force: true });
    return null;
  }

  /** Takes a whole file over from where it was downloaded to. */
  async keep(downloaded: string, digest: { sha256: string; bytes: number }, name: string): Promise<LocalCopy> {
    const file = join(this.#folder, 'files', digest.sha256, name);
    await mkdir(dirname(file), { recursive: true });
    await rename(downloaded, file);
    return { file, ...digest };
  }

  /** What was found at a URL the last time, if anything. */
  async foundAt(urlId: string): Promise<Found | null> {
    const text = await readFile(this.#foundFile(urlId), 'utf8').catch(() => null);
    if (text === null) return null;
    try {
      return Found.parse(JSON.parse(text));
    } catch {
      return null; // it only saves a download
    }
  }

  async remember(urlId: string, found: Found): Promise<void> {
    const file = this.#foundFile(urlId);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(`${file}.${process.pid}`, JSON.stringify(found));
    await rename(`${file}.${process.pid}`, file);
  }

  /** Folder for a download of this process, with what one that ended left of it. */
  async partialFolder(urlId: string): Promise<string> {
    const parent = join(this.#folder, 'partial');
    const own = `${urlId}.${process.pid}`;
    await mkdir(parent, { recursive: true });
    const names = await readdir(parent);
    for (const name of names.filter((candidate) => candidate.startsWith(`${urlId}.`) && candidate !== own)) {
      if (commandLineOf(Number(name.split('.')[1])) !== null) continue;
      // Another process may take it at the same time; then this one starts anew.
      if (!names.includes(own)) await rename(join(parent, name), join(parent, own)).catch(() => {});
      await rm(join(parent, name), { recursive: true, force: true });
    }
    return join(parent, own);
  }

  #foundFile(urlId: string): string {
    return join(this.#folder, 'urls', `${urlId}.json`);
  }
}
