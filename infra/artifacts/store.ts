import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DeleteObjectsCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { type ArtifactAddress, ArtifactCorrupt, ArtifactMissing } from './errors.ts';
import { digestFile, listFiles } from './files.ts';
import { Manifest, type ManifestFile } from './manifest.ts';

/** What the maker of an artifact hands over beside its files. */
export type NewArtifact = ArtifactAddress & Pick<Manifest, 'recipe' | 'summary' | 'measurements' | 'versions'>;

/**
 * Content-addressed artifacts on S3.
 *
 * An artifact is a set of files and a `manifest.json` that is written last, with a conditional put: of several makers that
 * race, one commits and the others learn of its artifact. The bytes of a file lie under their own hash, so racing makers
 * never overwrite each other. Objects: `artifacts/<kind>/<key>/manifest.json`, `artifacts/<kind>/<key>/<hash>/<name>`.
 */
export class ArtifactStore {
  readonly #s3: S3Client;
  readonly #bucket: string;
  readonly #cacheFolder: string;

  /** `cacheFolder` holds verified local copies; it may be deleted at any time no one uses it. */
  constructor(options: { s3: S3Client; bucket: string; cacheFolder: string }) {
    this.#s3 = options.s3;
    this.#bucket = options.bucket;
    this.#cacheFolder = options.cacheFolder;
  }

  /** The manifest, or null where the artifact does not exist. Throws `ArtifactCorrupt` if it cannot be read as one. */
  async find(address: ArtifactAddress): Promise<Manifest | null> {
    const body = await this.#read(manifestObject(address));
    if (body === null) return null;
    let manifest: Manifest;
    try {
      manifest = Manifest.parse(JSON.parse(await body.transformToString()));
    } catch (error) {
      throw new ArtifactCorrupt(address, `its manifest.json cannot be read (${error instanceof Error ? firstLine(error.message) : error})`);
    }
    if (manifest.key !== address.key || manifest.kind !== address.kind) throw new ArtifactCorrupt(address, `its manifest.json is that of ${manifest.kind}/${manifest.key}`);
    return manifest;
  }

  /** Uploads every file of `folder`, then the manifest. Returns the manifest that counts: ours, or that of whoever was first. */
  async commit(artifact: NewArtifact, folder: string): Promise<Manifest> {
    const files: ManifestFile[] = [];
    for (const name of await listFiles(folder)) files.push(await this.#upload(artifact, folder, name));
    const { kind, key, recipe, summary, measurements, versions } = artifact;
    const manifest = Manifest.parse({ schemaVersion: 1, kind, key, recipe, files, summary, measurements, versions, committedAt: new Date().toISOString() });
    try {
      await this.#s3.send(
        new PutObjectCommand({
          Bucket: this.#bucket,
          Key: manifestObject(artifact),
          Body: `${JSON.stringify(manifest, null, 2)}\n`,
          ContentType: 'application/json',
          IfNoneMatch: '*',
        }),
      );
      return manifest;
    } catch (error) {
      if (!isStatus(error, 412) && !isStatus(error, 409)) throw error;
      const first = await this.find(artifact);
      if (first === null) throw error;
      return first;
    }
  }

  /**
   * Folder on this machine with the artifact's files, every one checked against its SHA-256 as it was downloaded.
   * Throws `ArtifactMissing` or `ArtifactCorrupt`. The folder is shared: read only.
   */
  async fetch(address: ArtifactAddress): Promise<string> {
    const manifest = await this.find(address);
    if (manifest === null) throw new ArtifactMissing(address);
    // A rebuilt artifact may hold other files: the local copy is that of one commit.
    const folder = join(this.#cacheFolder, address.kind, address.key, Buffer.from(manifest.committedAt).toString('hex'));
    const complete = join(folder, '.complete');
    if (await exists(complete)) return folder;
    await mkdir(dirname(folder), { recursive: true });
    const partial = await mkdtemp(`${folder}.partial-`);
    try {
      for (const file of manifest.files) await this.#download(address, file, partial);
      await pipeline([''], createWriteStream(join(partial, '.complete')));
      await rename(partial, folder);
    } catch (error) {
      await rm(partial, { recursive: true, force: true });
      // Someone else may have put the same copy there meanwhile.
      if (!(await exists(complete))) throw error;
    }
    return folder;
  }

  /** One file of an artifact, checked against its SHA-256, without the others. Throws `ArtifactCorrupt`, also where there is no such file. */
  async read(manifest: Manifest, name: string): Promise<Buffer> {
    const file = manifest.files.find((candidate) => candidate.name === name);
    if (file === undefined) throw new ArtifactCorrupt(manifest, `it has no file ${name}`);
    const body = await this.#read(file.object);
    if (body === null) throw new ArtifactCorrupt(manifest, `file ${name} is gone`);
    const bytes = Buffer.from(await body.transformToByteArray());
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (sha256 !== file.sha256) throw new ArtifactCorrupt(manifest, `file ${name} has SHA-256 ${sha256}, its manifest says ${file.sha256}`);
    return bytes;
  }

  /** Deletes an artifact, manifest first, and its local copies; the next run that needs it makes it anew. */
  async discard(address: ArtifactAddress): Promise<void> {
    await this.#delete([manifestObject(address)]);
    const prefix = `${folderOf(address)}/`;
    for (let token: string | undefined; ; ) {
      const page = await this.#s3.send(new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: prefix, ContinuationToken: token }));
      await this.#delete((page.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [Key])));
      token = page.NextContinuationToken;
      if (token === undefined) break;
    }
    await rm(join(this.#cacheFolder, address.kind, address.key), { recursive: true, force: true });
  }

  async #upload(address: ArtifactAddress, folder: string, name: string): Promise<ManifestFile> {
    const path = join(folder, name);
    const { sha256, bytes } = await digestFile(path);
    const object = `${folderOf(address)}/${sha256.slice(0, 16)}/${name}`;
    await new Upload({ client: this.#s3, params: { Bucket: this.#bucket, Key: object, Body: createReadStream(path) } }).done();
    return { name, object, bytes, sha256 };
  }

  async #download(address: ArtifactAddress, file: ManifestFile, folder: string): Promise<void> {
    const body = await this.#read(file.object);
    if (body === null) throw new ArtifactCorrupt(address, `file ${file.name} is gone`);
    const path = join(folder, file.name);
    await mkdir(dirname(path), { recursive: true });
    await pipeline(body as unknown as Readable, createWriteStream(path));
    const { sha256, bytes } = await digestFile(path);
    if (sha256 !== file.sha256) {
      throw new ArtifactCorrupt(address, `file ${file.name} has ${bytes} bytes with SHA-256 ${sha256}, its manifest says ${file.bytes} bytes with ${file.sha256}`);
    }
  }

  async #read(object: string) {
    try {
      const { Body } = await this.#s3.send(new GetObjectCommand({ Bucket: this.#bucket, Key: object }));
      return Body ?? null;
    } catch (error) {
      if (isStatus(error, 404)) return null;
      throw error;
    }
  }

  async #delete(objects: string[]): Promise<void> {
    if (objects.length === 0) return;
    await this.#s3.send(new DeleteObjectsCommand({ Bucket: this.#bucket, Delete: { Objects: objects.map((Key) => ({ Key })) } }));
  }
}

function folderOf({ kind, key }: ArtifactAddress): string {
  return `artifacts/${kind}/${key}`;
}

function manifestObject(address: ArtifactAddress): string {
  return `${folderOf(address)}/manifest.json`;
}

function isStatus(error: unknown, status: number): boolean {
  return error instanceof S3ServiceException && error.$metadata.httpStatusCode === status;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
