import { z } from 'zod';
import { type Clock, systemClock } from '../clock.ts';
import { claimPrefix } from '../names.ts';
import type { Objects } from '../objects.ts';
import { isAbandoned, ownJournalName } from './owner.ts';

/** A claim that is older is written anew before money is spent under it. */
const FRESH_MS = 30_000;
/** What a reply takes to get into the store, and clocks may differ. */
const MARGIN_MS = 60_000;

/** Who made a claim, where, and until when it may stand: afterwards its owner must be dead. */
const Content = z.object({ home: z.string(), owner: z.string(), until: z.number() });
type Content = z.infer<typeof Content>;

/** A claim of ours. */
export interface Claim {
  key: string;
  number: number;
  at: number;
  /** Milliseconds that a call under it takes at most. */
  callMs: number;
}

export interface ClaimsOptions {
  objects: Objects;
  model: string;
  /** The same for all processes that share a disk, and see each other. */
  home: string;
  clock?: Clock;
}

/**
 * Which requests are being paid for, over all workers, so that two who ask the same at the same moment pay once.
 *
 * A claim is an object `llm/asking/<model>/<key>.<number>` that only one can make. It stands until the reply is in the store
 * for all to see, or the call failed. A claim of a dead process is followed by the one with the next number: at once where
 * the process was on this disk, else once it is stale. Clocks of the workers must agree to within seconds.
 */
export class Claims {
  readonly #objects: Objects;
  readonly #prefix: string;
  readonly #home: string;
  /** Names this process, as a journal's name does. */
  readonly #owner = ownJournalName();
  readonly #clock: Clock;

  constructor({ objects, model, home, clock = systemClock }: ClaimsOptions) {
    this.#objects = objects;
    this.#prefix = claimPrefix(model);
    this.#home = home;
    this.#clock = clock;
  }

  /** For a call that takes `callMs` at most; null where another is paying for the request. */
  async take(key: string, callMs: number): Promise<Claim | null> {
    const first = await this.#make(key, 0, callMs);
    if (first !== null) return first;
    const last = (await this.#objects.list(`${this.#prefix}${key}.`)).at(-1);
    // Released meanwhile: whoever asks again finds it free, or the reply.
    if (last === undefined || !(await this.#isDead(last))) return null;
    return this.#make(key, Number(last.slice(last.lastIndexOf('.') + 1)) + 1, callMs);
  }

  /** The claim as it is good for a call that begins now; null where another took it over meanwhile. */
  async renew(claim: Claim): Promise<Claim | null> {
    if (this.#clock.now() - claim.at < FRESH_MS) return claim;
    return this.#make(claim.key, claim.number + 1, claim.callMs);
  }

  async release(claims: readonly Pick<Claim, 'key' | 'number'>[]): Promise<void> {
    await this.#objects.delete(claims.flatMap(({ key, number }) => Array.from({ length: number + 1 }, (_, at) => this.#objectOf(key, at))));
  }

  async #make(key: string, number: number, callMs: number): Promise<Claim | null> {
    const at = this.#clock.now();
    const content: Content = { home: this.#home, owner: this.#owner, until: at + FRESH_MS + callMs + MARGIN_MS };
    return (await this.#objects.writeNew(this.#objectOf(key, number), JSON.stringify(content))) ? { key, number, at, callMs } : null;
  }

  async #isDead(object: string): Promise<boolean> {
    const bytes = await this.#objects.read(object);
    if (bytes === null) return false;
    const { home, owner, until } = Content.parse(JSON.parse(bytes.toString()));
    // Of one request only one call is under way here, so a claim of ours is what a lost connection left.
    return owner === this.#owner || (home === this.#home && isAbandoned(owner)) || this.#clock.now() > until;
  }

  #objectOf(key: string, number: number): string {
    return `${this.#prefix}${key}.${String(number).padStart(6, '0')}`;
  }
}
