/** Small objects of one bucket, read and written whole. */
import { DeleteObjectsCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { type Clock, systemClock } from './clock.ts';

/** Most objects that S3 deletes at once. */
const DELETED_AT_ONCE = 1_000;

/** Content of an object that says all by its name; the client has trouble with bodies of no bytes. */
export const NOTHING = '\n';

const FIRST_WAIT_MS = 500;
const MOST_WAIT_MS = 10_000;

export interface ObjectsOptions {
  s3: S3Client;
  bucket: string;
  /** How long a store that is away or fails is waited for, beyond the client's own tries; not at all where absent. */
  patienceMs?: number | undefined;
  clock?: Clock;
}

export class Objects {
  readonly #s3: S3Client;
  readonly #bucket: string;
  readonly #patienceMs: number;
  readonly #clock: Clock;

  constructor({ s3, bucket, patienceMs = 0, clock = systemClock }: ObjectsOptions) {
    this.#s3 = s3;
    this.#bucket = bucket;
    this.#patienceMs = patienceMs;
    this.#clock = clock;
  }

  /** Keys of all objects that start with `prefix`, in code-point order. */
  async list(prefix: string): Promise<string[]> {
    const keys: string[] = [];
    for (let token: string | undefined; ; ) {
      const after = token;
      const page = await this.#patiently(() => this.#s3.send(new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: prefix, ContinuationToken: after })));
      for (const { Key } of page.Contents ?? []) if (Key !== undefined) keys.push(Key);
      token = page.NextContinuationToken;
      if (token === undefined) return keys;
    }
  }

  /** Null where there is no such object. */
  async read(key: string): Promise<Buffer | null> {
    try {
      return await this.#patiently(async () => {
        const { Body } = await this.#s3.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key }));
        return Body === undefined ? null : Buffer.from(await Body.transformToByteArray());
      });
    } catch (error) {
      if (isStatus(error, 404)) return null;
      throw error;
    }
  }

  async write(key: string, body: string | Buffer): Promise<void> {
    await this.#patiently(() => this.#s3.send(new PutObjectCommand({ Bucket: this.#bucket, Key: key, Body: body })));
  }

  /** Whether we made the object: false where it was there, or another made it at the same moment. */
  async writeNew(key: string, body: string | Buffer): Promise<boolean> {
    try {
      await this.#patiently(() => this.#s3.send(new PutObjectCommand({ Bucket: this.#bucket, Key: key, Body: body, IfNoneMatch: '*' })));
      return true;
    } catch (error) {
      if (isStatus(error, 412) || isStatus(error, 409)) return false;
      throw error;
    }
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (let from = 0; from < keys.length; from += DELETED_AT_ONCE) {
      const Objects = keys.slice(from, from + DELETED_AT_ONCE).map((Key) => ({ Key }));
      await this.#patiently(() => this.#s3.send(new DeleteObjectsCommand({ Bucket: this.#bucket, Delete: { Objects, Quiet: true } })));
    }
  }

  /** Repeats what the store did not answer, or failed at. Where it did it all the same, that is as with two who do it. */
  async #patiently<T>(send: () => Promise<T>): Promise<T> {
    const until = this.#clock.now() + this.#patienceMs;
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, MOST_WAIT_MS)) {
      try {
        return await send();
      } catch (error) {
        if (isAnswer(error) || this.#clock.now() + wait > until) throw error;
        await this.#clock.sleep(wait);
      }
    }
  }
}

function isStatus(error: unknown, status: number): boolean {
  return error instanceof S3ServiceException && error.$metadata.httpStatusCode === status;
}

/** Whether the store understood the request, and would answer it likewise again. */
function isAnswer(error: unknown): boolean {
  return error instanceof S3ServiceException && (error.$metadata.httpStatusCode ?? 500) < 500;
}
