import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { ArtifactKey, Recipe } from '../contracts/artifacts.ts';
import { artifactKey } from '../plan/keys.ts';
import { workKindOf } from '../work-kind.ts';

/**
 * Trainer jobs that wait for a device, as far as the workflow knows. The priority of a task that is in a queue cannot be changed,
 * so where it changes the task is taken back and put in the queue anew. A job that has told of its progress is left alone; one that
 * has just begun, and has not, begins again.
 */
export class Queued {
  readonly #waiting = new Map<ArtifactKey, { of: string; scope: CancellationScope }>();
  readonly #again = new Set<ArtifactKey>();

  /** Runs a stage with `begin`, which puts it in its queue; `of` is whose it is. Only trainer jobs are ever put there anew: others hardly wait. */
  async run<T>(recipe: Recipe, of: string, begin: () => Promise<T>): Promise<T> {
    if (workKindOf(recipe) !== 'trainer') return begin();
    const key = artifactKey(recipe);
    for (;;) {
      const scope = new CancellationScope();
      this.#waiting.set(key, { of, scope });
      try {
        return await scope.run(begin);
      } catch (error) {
        // Cancelled by somebody else, it is not begun again.
        if (!isCancellation(error) || !this.#again.has(key)) throw error;
      } finally {
        this.#waiting.delete(key);
        this.#again.delete(key);
      }
    }
  }

  /** A worker is at it. */
  taken(key: ArtifactKey): void {
    this.#waiting.delete(key);
  }

  /** Whose jobs wait. */
  get owners(): string[] {
    return [...this.#waiting.values()].map(({ of }) => of);
  }

  /** Puts in the queue anew what waits and `is` of these owners; `begin` says with which priority. */
  putBack(is: (of: string) => boolean = () => true): void {
    for (const [key, { of, scope }] of [...this.#waiting]) {
      if (!is(of)) continue;
      this.#again.add(key);
      scope.cancel();
    }
  }
}
