/** Failures that a sweep puts right by itself: artifacts that are gone, or were found corrupt and discarded, are made anew. */
import type { Failure } from '../contracts/progress.ts';
import { MOST_HEALINGS } from '../policies.ts';

const HEALABLE: ReadonlySet<string> = new Set(['ArtifactCorrupt', 'ArtifactMissing']);

/** Whether making inputs anew could help. */
export function isHealable({ type }: Pick<Failure, 'type'>): boolean {
  return HEALABLE.has(type);
}

/** Counts what was put right, so that a store that damages all that it is given is left to a person. */
export class Healing {
  readonly #times: Map<string, number>;

  /** `before`: what was put right by earlier runs of the sweep. */
  constructor(before: Readonly<Record<string, number>> = {}) {
    this.#times = new Map(Object.entries(before));
  }

  /** How often, by what was put right. */
  get times(): Record<string, number> {
    return Object.fromEntries(this.#times);
  }

  /** Whether the failure of a unit, or of the report, is to be put right once more without a person. */
  takes(of: string, failure: Failure): boolean {
    const times = this.#times.get(of) ?? 0;
    if (!isHealable(failure) || times >= MOST_HEALINGS) return false;
    this.#times.set(of, times + 1);
    return true;
  }
}
