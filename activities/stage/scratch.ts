import { lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The folder of one stage's work in progress. Folders are made and, where they hold next to nothing, removed at once: a trip to the thread pool
 * for each costs a short stage more than its own work.
 */
export class Scratch {
  /** For the artifact's files. */
  readonly outputFolder: string;
  readonly #folder: string;
  readonly #workFolder: string;
  #hasWork = false;

  /** `name` must be new. Not mkdtemp: a trainer that runs as another user reads its job there. */
  constructor(parent: string, name: string) {
    this.#folder = join(parent, name);
    this.outputFolder = join(this.#folder, 'output');
    this.#workFolder = join(this.#folder, 'work');
    mkdirSync(this.outputFolder, { recursive: true });
  }

  /** For anything else; made when it is first asked for. */
  workFolder(): string {
    if (!this.#hasWork) mkdirSync(this.#workFolder);
    this.#hasWork = true;
    return this.#workFolder;
  }

  /** Removes it with all that is in it. */
  async remove(): Promise<void> {
    if (!this.#hasWork && isSmall(this.outputFolder)) rmSync(this.#folder, { recursive: true, force: true });
    else await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Whether a folder is gone in no time: a base model's files take a while, and so do thousands of small ones. One that cannot be looked at is not: what its stage came to counts. */
function isSmall(folder: string): boolean {
  try {
    const names = readdirSync(folder);
    return names.length <= 10 && names.map((name) => lstatSync(join(folder, name))).every((entry) => entry.isFile() && entry.size <= 2 ** 20);
  } catch {
    return false;
  }
}
