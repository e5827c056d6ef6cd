import { createReadStream, createWriteStream, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DeleteObjectsCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { digestBytes, digestFile } from './files.ts';
import type { ManifestFile } from './manifest.ts';

/** Files up to this size are held in memory for as long as they are on their way, and read and written at once: streams, parts and trips to the thread pool cost more than they do. */
const SMALL_BYTES = 2 ** 20;

/** Objects of a bucket, as artifacts and checkpoints need them. */
export class Objects {
  readonly #s3: S3Client;
  readonly #bucket: string;

  constructor(s3: S3Client, bucket: string) {
    this.#s3 = s3;
    this.#bucket = bucket;
  }

  /** The body of an object, or null where there is none. */
  async read(object: string) {
    return (await this.readVersion(object))?.body ?? null;
  }

  /** The body of an object and its version (S3's ETag), which another writer's put changes. */
  async readVersion(object: string) {
    try {
      const { Body, ETag } = await this.#s3.send(new GetObjectCommand({ Bucket: this.#bucket, Key: object }));
      return Body === undefined || ETag === undefined ? null : { body: Body, version: ETag };
    } catch (error) {
      if (isStatus(error, 404)) return null;
      throw error;
    }
  }

  /**
   * Writes a JSON document, and returns its version. Null, and nothing is written, where there is an object already (`ifNew`), or where it is not, or no
   * longer, the one of that version (`ifVersion`).
   */
  async putJson(object: string, value: unknown, { ifNew = false, ifVersion }: { ifNew?: boolean; ifVersion?: string | undefined }): Promise<string | null> {
    try {
      const { ETag } = await this.#s3.send(
        new PutObjectCommand({
          Bucket: this.#bucket,
          Key: object,
          Body: `${JSON.stringify(value, null, 2)}\n`,
          ContentType: 'application/json',
          ...(ifNew && { IfNoneMatch: '*' }),
          ...(ifVersion !== undefined && { IfMatch: ifVersion }),
        }),
      );
      return ETag ?? '';
    } catch (error) {
      const conditional = ifNew || ifVersion !== undefined;
      if (conditional && (isStatus(error, 412) || isStatus(error, 409))) return null;
      // It was deleted meanwhile.
      if (ifVersion !== undefined && isStatus(error, 404)) return null;
      throw error;
    }
  }

  /** Uploads file `name` of `folder` to `<prefix>/<hash>/<name>`: makers that race never overwrite each other's bytes. */
  async upload(prefix: string, folder: string, name: string): Promise<ManifestFile> {
    const path = join(folder, name);
    const content = statSync(path).size > SMALL_BYTES ? null : readFileSync(path);
    const { sha256, bytes } = content === null ? await digestFile(path) : digestBytes(content);
    const object = `${prefix}/${sha256.slice(0, 16)}/${name}`;
    if (content !== null) await this.#s3.send(new PutObjectCommand({ Bucket: this.#bucket, Key: object, Body: content }));
    else await new Upload({ client: this.#s3, params: { Bucket: this.#bucket, Key: object, Body: createReadStream(path) } }).done();
    return { name, object, bytes, sha256 };
  }

  /** Downloads a file into `folder` and checks it. Returns what is wrong with it, or null. */
  async download(file: ManifestFile, folder: string): Promise<string | null> {
    const body = await this.read(file.object);
    if (body === null) return `file ${file.name} is gone`;
    const path = join(folder, file.name);
    mkdirSync(dirname(path), { recursive: true });
    const { sha256, bytes } = file.bytes > SMALL_BYTES ? await streamTo(path, body as unknown as Readable) : writeTo(path, await body.transformToByteArray());
    if (sha256 === file.sha256) return null;
    return `file ${file.name} has ${bytes} bytes with SHA-256 ${sha256}, its manifest says ${file.bytes} bytes with ${file.sha256}`;
  }

  /** Keys of all objects below a prefix, in code-point order. */
  async list(prefix: string): Promise<string[]> {
    const keys: string[] = [];
    for (let token: string | undefined; ; ) {
      const page = await this.#s3.send(new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: prefix, ContinuationToken: token }));
      keys.push(...(page.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [Key])));
      token = page.NextContinuationToken;
      if (token === undefined) return keys.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    }
  }

  /**
   * Versions of the objects below a prefix by key, in code-point order, as far as `pages` requests reach; `until` is the last key that
   * is told of, null where that is all.
   */
  async listVersions(prefix: string, pages: number, objectsPerPage: number): Promise<{ versions: Map<string, string>; until: string | null }> {
    const versions = new Map<string, string>();
    let last = '';
    let token: string | undefined;
    for (let page = 0; page < pages; page += 1) {
      const { Contents = [], NextContinuationToken } = await this.#s3.send(new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: prefix, ContinuationToken: token, MaxKeys: objectsPerPage }));
      for (const { Key, ETag } of Contents) {
        if (Key === undefined || ETag === undefined) continue;
        versions.set(Key, ETag);
        last = Key;
      }
      token = NextContinuationToken;
      if (token === undefined) return { versions, until: null };
    }
    return { versions, until: last };
  }

  /** Deletes objects; those that are not there are no failure. */
  async delete(objects: readonly string[]): Promise<void> {
    // As many as one request may name.
    for (let start = 0; start < objects.length; start += 1000) {
      const some = objects.slice(start, start + 1000).map((Key) => ({ Key }));
      await this.#s3.send(new DeleteObjectsCommand({ Bucket: this.#bucket, Delete: { Objects: some } }));
    }
  }
}

async function streamTo(path: string, body: Readable): Promise<{ sha256: string; bytes: number }> {
  await pipeline(body, createWriteStream(path));
  return digestFile(path);
}

function writeTo(path: string, content: Uint8Array): { sha256: string; bytes: number } {
  writeFileSync(path, content);
  return digestBytes(content);
}

function isStatus(error: unknown, status: number): boolean {
  return error instanceof S3ServiceException && error.$metadata.httpStatusCode === status;
}
