import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckpointStore } from '#infra/artifacts/checkpoints.ts';
import type { ArtifactAddress } from '#infra/artifacts/errors.ts';

/**
 * Brings the checkpoints of a running training to safety as they are made: one at a time, the newest of those that wait, and off
 * the disk afterwards. An upload that fails costs the training nothing: the next one is another chance.
 */
export class CheckpointUploads {
  readonly #store: CheckpointStore;
  readonly #address: ArtifactAddress;
  readonly #folder: string;
  readonly #warn: (text: string) => void;
  /** The stored checkpoint that the training was to go on from. */
  #resumed: string | null;
  #waiting: string | null = null;
  #running: Promise<void> | null = null;

  /** `folder` is where the trainer leaves checkpoints, by name. */
  constructor(store: CheckpointStore, address: ArtifactAddress, { folder, resumed, warn }: { folder: string; resumed: string | null; warn: (text: string) => void }) {
    this.#store = store;
    this.#address = address;
    this.#folder = folder;
    this.#resumed = resumed;
    this.#warn = warn;
  }

  /** A checkpoint is complete on the disk. */
  add(name: string): void {
    const passedOver = this.#waiting;
    this.#waiting = name;
    if (passedOver !== null) void this.#remove(passedOver);
    this.#running ??= this.#uploadAll();
  }

  /** Resolves when nothing is left to upload. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #uploadAll(): Promise<void> {
    for (let name = this.#waiting; name !== null; name = this.#waiting) {
      this.#waiting = null;
      try {
        await this.#upload(name);
      } catch (error) {
        this.#warn(`checkpoint ${name} of ${this.#address.kind}/${this.#address.key} could not be stored: ${error}`);
      }
      await this.#remove(name);
    }
    this.#running = null;
  }

  async #upload(name: string): Promise<void> {
    if (this.#resumed !== null && name <= this.#resumed) {
      // The trainer could not use the stored one and began again; as the later step it would be taken for the newest for ever.
      await this.#store.discard(this.#address);
    }
    this.#resumed = null;
    await this.#store.save(this.#address, name, join(this.#folder, name));
  }

  async #remove(name: string): Promise<void> {
    await rm(join(this.#folder, name), { recursive: true, force: true }).catch((error: unknown) => this.#warn(`checkpoint ${name}: ${error}`));
  }
}
