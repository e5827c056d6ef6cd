import { randomUUID } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ArtifactAddress } from './errors.ts';
import { Manifest } from './manifest.ts';

/** Manifests on this machine's disk, each with the version that it had in the store: good as long as the store has that one. */
export class ManifestCache {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The manifest of that version; null where it is not here, or cannot be read. */
  async get(address: ArtifactAddress, version: string): Promise<Manifest | null> {
    try {
      const found = JSON.parse(await readFile(this.#file(address), 'utf8')) as { version: string; manifest: unknown };
      return found.version === version ? Manifest.parse(found.manifest) : null;
    } catch {
      return null;
    }
  }

  /**
   * Keeps a manifest. What fails in it is no failure: it can be read from the store again. A few kilobytes at the end of every stage: each
   * trip to the thread pool would cost more than the writing.
   */
  put(address: ArtifactAddress, version: string, manifest: Manifest): void {
    const file = this.#file(address);
    const partial = `${file}.partial-${randomUUID()}`;
    try {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(partial, JSON.stringify({ version, manifest }));
      renameSync(partial, file);
    } catch {}
  }

  #file({ kind, key }: ArtifactAddress): string {
    return join(this.#folder, kind, `${key}.json`);
  }
}
