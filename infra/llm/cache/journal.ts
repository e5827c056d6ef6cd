import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { LinePosition } from './lines.ts';

interface Waiting {
  bytes: Buffer;
  resolve: (position: LinePosition) => void;
  reject: (error: unknown) => void;
}

/**
 * An append-only file. An append is over once its line is on the disk, so that it outlives this process and the machine's
 * power; all lines that wait meanwhile share one `fdatasync`.
 */
export class Journal {
  readonly path: string;
  readonly #file: FileHandle;
  #size = 0;
  #broken: unknown = null;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | null = null;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  /** A new file, whose folder exists. */
  static async create(path: string): Promise<Journal> {
    const file = await open(path, 'ax');
    await syncFolder(dirname(path));
    return new Journal(path, file);
  }

  /** Where the line (which ends with a line feed) lies now, on the disk. */
  append(line: string): Promise<LinePosition> {
    const { promise, resolve, reject } = Promise.withResolvers<LinePosition>();
    this.#waiting.push({ bytes: Buffer.from(line), resolve, reject });
    this.#writing ??= this.#write();
    return promise;
  }

  /** Waits for all appends, then closes the file. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#file.close();
  }

  async #write(): Promise<void> {
    // Whoever appends in this turn of the event loop shares the first write.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        if (this.#broken !== null) throw this.#broken;
        await this.#file.appendFile(Buffer.concat(group.map(({ bytes }) => bytes)));
        await this.#file.datasync();
      } catch (error) {
        // Nothing half written may stay before what comes next; where it cannot be removed, nothing comes next.
        await this.#file.truncate(this.#size).catch(() => {
          this.#broken = error;
        });
        for (const { reject } of group) reject(error);
        continue;
      }
      for (const { bytes, resolve } of group) {
        resolve({ offset: this.#size, length: bytes.length - 1 });
        this.#size += bytes.length;
      }
    }
    // In the same turn as the last look at who waits, so that no append falls between.
    this.#writing = null;
  }
}

/** Makes a new file's name outlive the machine's power. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
