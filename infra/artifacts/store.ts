import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import PQueue from 'p-queue';
import { type ArtifactAddress, ArtifactCorrupt, ArtifactMissing } from './errors.ts';
import { digestBytes, listFiles } from './files.ts';
import { ManifestCache } from './manifest-cache.ts';
import { Manifest, type ManifestFile } from './manifest.ts';
import { Objects } from './objects.ts';

/** Manifests read at once. */
const READS_AT_ONCE = 64;

/** Manifests that are read one by one in about the time of a page of a listing (1,000 objects). */
const READS_PER_PAGE = 20;

/** How often a manifest is offered that the store refuses although no other one is there, and how long lies between. */
const COMMIT_TRIES = 40;
const COMMIT_AGAIN_MS = 250;

/** What the maker of an artifact hands over beside its files. */
export type NewArtifact = ArtifactAddress & Pick<Manifest, 'recipe' | 'summary' | 'measurements' | 'versions' | 'madeFrom' | 'forced'>;

/** A manifest as it is in the store. */
export interface FoundArtifact {
  manifest: Manifest;
  /** Changes with every commit. */
  version: string;
}

/**
 * Content-addressed artifacts on S3.
 *
 * An artifact is a set of files and a `manifest.json` that is written last, with a conditional put: of several makers that
 * race, one commits and the others learn of its artifact. The bytes of a file lie under their own hash, so racing makers
 * never overwrite each other. Objects: `artifacts/<kind>/<key>/manifest.json`, `artifacts/<kind>/<key>/<hash>/<name>`.
 */
export class ArtifactStore {
  readonly #objects: Objects;
  readonly #cacheFolder: string;
  readonly #manifests: ManifestCache;
  readonly #objectsPerPage: number;
  /** Where all artifacts lie: `s3://bucket/artifacts`. */
  readonly url: string;

  /**
   * `cacheFolder` holds verified local copies; it may be deleted at any time no one uses it. `objectsPerPage` of a listing are 1,000
   * at most.
   */
  constructor(options: { s3: S3Client; bucket: string; cacheFolder: string; objectsPerPage?: number }) {
    this.#objects = new Objects(options.s3, options.bucket);
    this.#cacheFolder = options.cacheFolder;
    this.#objectsPerPage = options.objectsPerPage ?? 1000;
    this.#manifests = new ManifestCache(join(options.cacheFolder, 'manifests'));
    this.url = `s3://${options.bucket}/artifacts`;
  }

  /** The manifest, or null where the artifact does not exist. Throws `ArtifactCorrupt` if it cannot be read as one. */
  async find(address: ArtifactAddress): Promise<Manifest | null> {
    return (await this.findVersion(address))?.manifest ?? null;
  }

  /** The manifest with its version in the store, by which `commit` can replace it. */
  async findVersion(address: ArtifactAddress): Promise<FoundArtifact | null> {
    const found = await this.#objects.readVersion(manifestObject(address));
    if (found === null) return null;
    let manifest: Manifest;
    try {
      manifest = Manifest.parse(JSON.parse(await found.body.transformToString()));
    } catch (error) {
      throw new ArtifactCorrupt(address, `its manifest.json cannot be read (${error instanceof Error ? firstLine(error.message) : error})`);
    }
    if (manifest.key !== address.key || manifest.kind !== address.kind) throw new ArtifactCorrupt(address, `its manifest.json is that of ${manifest.kind}/${manifest.key}`);
    return { manifest, version: found.version };
  }

  /**
   * As `findVersion`, of many artifacts, in their order. Listings tell which there are, and in what version; a manifest that this
   * machine knows in that version is not read again. Where the store holds far more than is asked for, listings stop early.
   */
  async findMany(addresses: readonly ArtifactAddress[]): Promise<(FoundArtifact | null)[]> {
    const kinds = Map.groupBy(addresses, ({ kind }) => kind);
    const listed = new Map(await Promise.all([...kinds].map(async ([kind, { length }]) => [kind, await this.#objects.listVersions(`artifacts/${kind}/`, Math.floor(length / READS_PER_PAGE), this.#objectsPerPage)] as const)));
    const reading = new PQueue({ concurrency: READS_AT_ONCE });
    return reading.addAll(
      addresses.map((address) => async () => {
        const { versions, until } = listed.get(address.kind)!;
        const object = manifestObject(address);
        const isListed = until === null || object <= until;
        const version = versions.get(object);
        if (isListed && version === undefined) return null;
        const known = version === undefined ? null : await this.#manifests.get(address, version);
        if (known !== null) return { manifest: known, version: version as string };
        const found = await this.findVersion(address);
        if (found !== null) this.#manifests.put(address, found.version, found.manifest);
        return found;
      }),
    );
  }

  /**
   * Uploads every file of `folder`, then the manifest. Returns the manifest that counts: ours, or that of whoever was first. With
   * `replaces`, the artifact of that version makes way for this one. Readers of the older one keep its files, which go with `discard`.
   */
  async commit(artifact: NewArtifact, folder: string, replaces?: string): Promise<Manifest> {
    const files: ManifestFile[] = [];
    for (const name of listFiles(folder)) files.push(await this.#objects.upload(folderOf(artifact), folder, name));
    const { kind, key, recipe, summary, measurements, versions, madeFrom, forced } = artifact;
    const manifest = Manifest.parse({ schemaVersion: 1, kind, key, recipe, files, summary, measurements, versions, ...(madeFrom && { madeFrom }), ...(forced && { forced }), committedAt: new Date().toISOString() });
    for (let tries = 1; ; tries += 1) {
      const version = await this.#objects.putJson(manifestObject(artifact), manifest, { ifNew: replaces === undefined, ifVersion: replaces });
      if (version !== null) {
        this.#manifests.put(artifact, version, manifest);
        return manifest;
      }
      const first = await this.findVersion(artifact);
      if (first !== null && first.version !== replaces) return first.manifest;
      // A store refuses while another one's manifest is on its way, which is not there to be read then, and may never be.
      if ((first === null && replaces !== undefined) || tries === COMMIT_TRIES) throw new Error(`artifact ${kind}/${key} is being committed by another maker`);
      await setTimeout(COMMIT_AGAIN_MS);
    }
  }

  /**
   * Folder on this machine with the artifact's files, every one checked against its SHA-256 as it was downloaded.
   * Throws `ArtifactMissing` or `ArtifactCorrupt`. The folder is shared: read only.
   */
  async fetch(address: ArtifactAddress): Promise<string> {
    return (await this.obtain(address)).folder;
  }

  /** As `fetch`, with the manifest of the files in the folder. */
  async obtain(address: ArtifactAddress): Promise<{ folder: string; manifest: Manifest }> {
    const manifest = await this.find(address);
    if (manifest === null) throw new ArtifactMissing(address);
    return { manifest, folder: await this.#localCopy(address, manifest) };
  }

  async #localCopy(address: ArtifactAddress, manifest: Manifest): Promise<string> {
    // A rebuilt artifact may hold other files: the local copy is that of one commit.
    const folder = join(this.#cacheFolder, address.kind, address.key, Buffer.from(manifest.committedAt).toString('hex'));
    if (existsSync(folder)) return folder;
    // Not mkdtemp: whoever may read the cache, such as a trainer that runs as another user, may read this copy.
    const partial = `${folder}.partial-${randomUUID()}`;
    mkdirSync(partial, { recursive: true });
    try {
      for (const file of manifest.files) {
        // What came over a bad connection comes right the second time.
        const problem = (await this.#objects.download(file, partial)) && (await this.#objects.download(file, partial));
        if (problem !== null) throw new ArtifactCorrupt(address, problem, manifest.committedAt);
      }
      renameSync(partial, folder);
    } catch (error) {
      await rm(partial, { recursive: true, force: true });
      // Someone else may have put the same copy there meanwhile.
      if (!existsSync(folder)) throw error;
    }
    return folder;
  }

  /** One file of an artifact, checked against its SHA-256, without the others. Throws `ArtifactCorrupt`, also where there is no such file. */
  async read(manifest: Manifest, name: string): Promise<Buffer> {
    const file = manifest.files.find((candidate) => candidate.name === name);
    if (file === undefined) throw new ArtifactCorrupt(manifest, `it has no file ${name}`, manifest.committedAt);
    let problem = '';
    for (let tries = 0; tries < 2; tries += 1) {
      const body = await this.#objects.read(file.object);
      if (body === null) throw new ArtifactCorrupt(manifest, `file ${name} is gone`, manifest.committedAt);
      const bytes = Buffer.from(await body.transformToByteArray());
      const { sha256 } = digestBytes(bytes);
      if (sha256 === file.sha256) return bytes;
      problem = `file ${name} has SHA-256 ${sha256}, its manifest says ${file.sha256}`;
    }
    throw new ArtifactCorrupt(manifest, problem, manifest.committedAt);
  }

  /**
   * Deletes an artifact that was found corrupt, unless another has found it too and it was made anew since: whoever needs it then
   * finds that it is missing. Its local copies were checked as they came, and stay.
   */
  async discardCorrupt({ artifact, committedAt }: ArtifactCorrupt): Promise<void> {
    const now = await this.find(artifact).catch((error: unknown) => {
      if (error instanceof ArtifactCorrupt) return { committedAt: null };
      throw error;
    });
    if (now === null || now.committedAt !== committedAt) return;
    await this.#delete(artifact);
  }

  /** Deletes an artifact, manifest first, and its local copies; the next run that needs it makes it anew. */
  async discard(address: ArtifactAddress): Promise<void> {
    await this.#delete(address);
    await rm(join(this.#cacheFolder, address.kind, address.key), { recursive: true, force: true });
  }

  async #delete(address: ArtifactAddress): Promise<void> {
    await this.#objects.delete([manifestObject(address)]);
    await this.#objects.delete(await this.#objects.list(`${folderOf(address)}/`));
  }
}

function folderOf({ kind, key }: ArtifactAddress): string {
  return `artifacts/${kind}/${key}`;
}

function manifestObject(address: ArtifactAddress): string {
  return `${folderOf(address)}/manifest.json`;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
