import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';
import type { ArtifactAddress } from './errors.ts';
import { listFiles } from './files.ts';
import { ManifestFile } from './manifest.ts';
import { Objects } from './objects.ts';

/** Checkpoints kept of an artifact: one more than is needed, should the newest prove damaged. */
const KEPT = 2;

const CheckpointManifest = z.strictObject({ schemaVersion: z.literal(1), files: z.array(ManifestFile) });

/**
 * Work in progress on artifacts, so that another worker can go on with it. A checkpoint is a named set of files; names sort in
 * the order of the work. Like an artifact, it exists once its manifest does, which is written last. Objects:
 * `checkpoints/<kind>/<key>/<name>/manifest.json`, `checkpoints/<kind>/<key>/<name>/<hash>/<file>`.
 */
export class CheckpointStore {
  readonly #objects: Objects;

  constructor({ s3, bucket }: { s3: S3Client; bucket: string }) {
    this.#objects = new Objects(s3, bucket);
  }

  /** Uploads the files of `folder` as checkpoint `name`, then deletes all but the newest two. */
  async save(address: ArtifactAddress, name: string, folder: string): Promise<void> {
    const prefix = `${folderOf(address)}/${name}`;
    const files: ManifestFile[] = [];
    for (const file of listFiles(folder)) files.push(await this.#objects.upload(prefix, folder, file));
    await this.#objects.putJson(`${prefix}/manifest.json`, { schemaVersion: 1, files } satisfies z.infer<typeof CheckpointManifest>, { ifNew: false });
    const all = await this.#objects.list(`${folderOf(address)}/`);
    const old = namesIn(address, all).slice(0, -KEPT);
    await this.#deleteAll(all.filter((object) => old.some((one) => object.startsWith(`${folderOf(address)}/${one}/`))));
  }

  /** Downloads the newest sound checkpoint to `<into>/<name>`; returns its name, or null where there is none. Tells of damaged ones. */
  async fetchNewest(address: ArtifactAddress, into: string, onDamaged: (name: string, problem: string) => void): Promise<string | null> {
    const names = namesIn(address, await this.#objects.list(`${folderOf(address)}/`));
    for (const name of names.reverse()) {
      const folder = join(into, name);
      const problem = await this.#download(`${folderOf(address)}/${name}`, folder);
      if (problem === null) return name;
      onDamaged(name, problem);
      await rm(folder, { recursive: true, force: true });
    }
    return null;
  }

  /** Deletes all checkpoints of an artifact. */
  async discard(address: ArtifactAddress): Promise<void> {
    await this.#deleteAll(await this.#objects.list(`${folderOf(address)}/`));
  }

  /** Manifests first: what has lost its files must not look like a checkpoint. */
  async #deleteAll(objects: readonly string[]): Promise<void> {
    await this.#objects.delete(objects.filter(isManifest));
    await this.#objects.delete(objects.filter((object) => !isManifest(object)));
  }

  async #download(prefix: string, folder: string): Promise<string | null> {
    const body = await this.#objects.read(`${prefix}/manifest.json`);
    if (body === null) return 'its manifest.json is gone';
    const text = await body.transformToString();
    const manifest = parseManifest(text);
    if (manifest === null) return 'its manifest.json cannot be read';
    await mkdir(folder, { recursive: true });
    for (const file of manifest.files) {
      const problem = await this.#objects.download(file, folder);
      if (problem !== null) return problem;
    }
    return null;
  }
}

function folderOf({ kind, key }: ArtifactAddress): string {
  return `checkpoints/${kind}/${key}`;
}

/** Names of the complete checkpoints among objects that are sorted, oldest first. */
function namesIn(address: ArtifactAddress, objects: readonly string[]): string[] {
  return objects.filter(isManifest).map((object) => object.slice(folderOf(address).length + 1, -'/manifest.json'.length));
}

function isManifest(object: string): boolean {
  return object.endsWith('/manifest.json');
}

function parseManifest(text: string): z.infer<typeof CheckpointManifest> | null {
  try {
    return CheckpointManifest.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
