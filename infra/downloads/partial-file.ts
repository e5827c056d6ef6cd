import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { FileFacts } from './remote.ts';

const Facts = z.object({ etag: z.string().nullable(), validator: z.string().nullable(), total: z.int().nullable() });
const NOTHING: FileFacts = { etag: null, validator: null, total: null };

/** The bytes of a file that came so far, and their hash; what an earlier process left behind is gone on with. */
export class PartialFile {
  readonly path: string;
  readonly #factsFile: string;
  readonly #handle: FileHandle;
  #hash: Hash = createHash('sha256');
  #bytes = 0;
  #facts: FileFacts = NOTHING;
  #continued = false;

  private constructor(folder: string, handle: FileHandle) {
    this.path = join(folder, 'bytes.partial');
    this.#factsFile = join(folder, 'facts.json');
    this.#handle = handle;
  }

  /** Opens the partial file in `folder`, empty where there is none that can be gone on with. */
  static async open(folder: string): Promise<PartialFile> {
    await mkdir(folder, { recursive: true });
    const file = new PartialFile(folder, await open(join(folder, 'bytes.partial'), 'a+'));
    try {
      await file.#readBack();
    } catch (error) {
      await file.close();
      throw error;
    }
    return file;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** What the server said of the file that these bytes are the start of. */
  get facts(): FileFacts {
    return this.#facts;
  }

  /** Whether the bytes came by more than one answer. */
  get continued(): boolean {
    return this.#continued;
  }

  /** Drops all bytes. Those that follow are of the file that has these facts. */
  async restart(facts: FileFacts = NOTHING): Promise<void> {
    await this.#handle.truncate(0);
    await writeFile(this.#factsFile, JSON.stringify(facts));
    this.#hash = createHash('sha256');
    this.#bytes = 0;
    this.#facts = facts;
    this.#continued = false;
  }

  /** Notes that the bytes that follow come by another answer. */
  continue(): void {
    this.#continued = true;
  }

  async append(chunk: Uint8Array): Promise<void> {
    await this.#handle.appendFile(chunk);
    this.#hash.update(chunk);
    this.#bytes += chunk.length;
  }

  digest(): { sha256: string; bytes: number } {
    return { sha256: this.#hash.copy().digest('hex'), bytes: this.#bytes };
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #readBack(): Promise<void> {
    const facts = Facts.safeParse(parseJson(await readFile(this.#factsFile, 'utf8').catch(() => 'null')));
    if (!facts.success || facts.data.validator === null) return this.restart();
    this.#facts = facts.data;
    for await (const chunk of createReadStream(this.path) as AsyncIterable<Buffer>) {
      this.#hash.update(chunk);
      this.#bytes += chunk.length;
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
