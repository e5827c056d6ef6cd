import type { CellProgress, Failure } from './contracts/progress.ts';

/** A unit is run in two parts: what is its own, and its patching, which rests on another cell, too. */
export type Part = '' | 'patch';

/** Why a part of a unit does not go on: it waits for a person (in the sweep, or in the workflow of its cell), or was given up. */
export interface Stopped {
  state: 'parked' | 'in its workflow' | 'given up';
  failures: readonly Failure[];
}

/** Parts of units that do not go on, as the next run of a sweep has to know. */
export class StoppedParts {
  readonly #parts = new Map<string, Map<Part, Stopped>>();

  of(id: string, part: Part): Stopped | undefined {
    return this.#parts.get(id)?.get(part);
  }

  /** What a unit failed at, but for its patching. */
  ownFailures({ id, failures }: CellProgress): Failure[] {
    const ofPatch = new Set(this.of(id, 'patch')?.failures.map(({ message }) => message));
    return failures.filter(({ message }) => !ofPatch.has(message));
  }

  set(id: string, part: Part, stopped: Stopped): void {
    const parts = this.#parts.get(id) ?? new Map<Part, Stopped>();
    this.#parts.set(id, parts.set(part, stopped));
  }

  delete(id: string, part: Part): void {
    this.#parts.get(id)?.delete(part);
  }
}
