import type { S3Client } from '@aws-sdk/client-s3';
import { Objects } from './objects.ts';

/** A document that is there and cannot be read as JSON. */
export class DocumentUnreadable extends Error {
  override readonly name = 'DocumentUnreadable';
}

/**
 * Small JSON documents beside the artifacts of a bucket, by name (`folder/name`). Unlike artifacts they may be written
 * again; the last writer's counts. Objects: `<name>.json`.
 */
export class Documents {
  readonly #objects: Objects;

  constructor({ s3, bucket }: { s3: S3Client; bucket: string }) {
    this.#objects = new Objects(s3, bucket);
  }

  async put(name: string, value: unknown): Promise<void> {
    await this.#objects.putJson(objectOf(name), value, {});
  }

  /** The document, or null where there is none. @throws DocumentUnreadable */
  async get(name: string): Promise<unknown> {
    const body = await this.#objects.read(objectOf(name));
    if (body === null) return null;
    const text = await body.transformToString();
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new DocumentUnreadable(`document ${name}: found no JSON (${error instanceof Error ? error.message : error}), allowed: a JSON document`);
    }
  }

  /** Names of all documents below a prefix, in code-point order. */
  async names(prefix: string): Promise<string[]> {
    const objects = await this.#objects.list(prefix);
    return objects.flatMap((object) => (object.endsWith(SUFFIX) ? [object.slice(0, -SUFFIX.length)] : []));
  }
}

const SUFFIX = '.json';
const objectOf = (name: string) => `${name}${SUFFIX}`;
