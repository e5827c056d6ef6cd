import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import PQueue from 'p-queue';
import { ReplyCacheDamaged } from '../errors.ts';
import { shardPrefix } from '../names.ts';
import type { Objects } from '../objects.ts';

/** Shards that are fetched or read at once. */
const AT_ONCE = 16;
const EXTENSION = '.jsonl.gz';

export interface Shard {
  path: string;
  bytes: Buffer;
}

/**
 * A model's replies in the store, as objects that never change: JSON lines, compressed, named by the SHA-256 of the lines,
 * so that writing the same replies twice makes one shard. Each has an unpacked copy in `folder`, which may be deleted.
 */
export class Shards {
  readonly #objects: Objects;
  readonly #prefix: string;
  readonly #folder: string;

  constructor({ objects, model, folder }: { objects: Objects; model: string; folder: string }) {
    this.#objects = objects;
    this.#prefix = shardPrefix(model);
    this.#folder = folder;
  }

  /** Names of all shards in the store. */
  async list(): Promise<string[]> {
    const keys = await this.#objects.list(this.#prefix);
    return keys.flatMap((key) => (key.endsWith(EXTENSION) ? [key.slice(this.#prefix.length, -EXTENSION.length)] : []));
  }

  /** Gives each of the shards to `use`, its bytes checked against its name; fetches those that have no sound copy here. */
  async load(names: readonly string[], use: (shard: Shard) => void): Promise<void> {
    const queue = new PQueue({ concurrency: AT_ONCE });
    await queue.addAll(names.map((name) => async () => use((await this.#local(name)) ?? (await this.#fetch(name)))));
  }

  /** Puts lines into the store, and gives their copy here. */
  async add(bytes: Buffer): Promise<Shard> {
    const name = sha256(bytes);
    await this.#objects.write(`${this.#prefix}${name}${EXTENSION}`, await promisify(gzip)(bytes));
    return this.#keep(name, bytes);
  }

  async #local(name: string): Promise<Shard | null> {
    const path = this.#pathOf(name);
    const bytes = await readFile(path).catch(() => null);
    return bytes !== null && sha256(bytes) === name ? { path, bytes } : null;
  }

  async #fetch(name: string): Promise<Shard> {
    const object = `${this.#prefix}${name}${EXTENSION}`;
    const packed = await this.#objects.read(object);
    if (packed === null) throw new Error(`the shard ${object} of the reply cache is gone from the store`);
    const bytes = await promisify(gunzip)(packed).catch(() => null);
    if (bytes === null || sha256(bytes) !== name) throw new ReplyCacheDamaged(`the shard ${object} of the reply cache`, 'its bytes are not those of its name');
    return this.#keep(name, bytes);
  }

  async #keep(name: string, bytes: Buffer): Promise<Shard> {
    await mkdir(this.#folder, { recursive: true });
    const path = this.#pathOf(name);
    const partial = `${path}.${randomUUID()}`;
    try {
      await writeFile(partial, bytes);
      await rename(partial, path);
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
    return { path, bytes };
  }

  #pathOf(name: string): string {
    return join(this.#folder, `${name}.jsonl`);
  }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
