import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../clock.ts';
import type { Objects } from '../objects.ts';
import { type Account, Accounts } from './accounts.ts';
import { CostCeilingReached, fits } from './ceiling.ts';

/** Share of the dollars left that one claim may take beyond the request that needs it. */
const MOST_OF_ROOM = 0.25;
/** Times that two claims at the same moment are given to come apart. */
const TRIES = 4;
const APART_MS = 200;

export interface LedgerOptions {
  objects: Objects;
  /** Name of the ledger: one sum for all that use it, over restarts. */
  ledger: string;
  /** Dollars. Null: what is spent is noted, and never too much. */
  ceiling: number | null;
  /** Requests like the present one that a claim covers beyond it, so that not each needs the store. */
  ahead: number;
  /** How a person raises the ceiling. */
  remedy?: string | undefined;
  clock?: Clock;
}

/** Dollars held for one request, given back by what it did cost. */
export interface Reservation {
  settle(dollars: number): void;
}

/**
 * What one asker spends, under a ceiling that it shares with all workers.
 *
 * Before money is spent it is claimed: the asker writes to its account how much it may have spent before it writes again,
 * then reads all accounts, and goes on only if their sum is within the ceiling. Of two that claim at the same moment, at
 * least one sees the other, so the ceiling holds without locks. What a claim leaves over is given back on `close`. A killed
 * process gives nothing back: its claim stands for the replies in its journal and for the requests it had under way,
 * whose cost nobody knows. So nothing is ever missing in the sum, and each kill can cost it at most one claim too much.
 */
export class Ledger {
  readonly #accounts: Accounts;
  readonly #account = `asker-${randomUUID()}`;
  readonly #options: LedgerOptions;
  readonly #clock: Clock;
  #claimed = 0;
  #spent = 0;
  #reserved = 0;
  /** Requests that dollars are held for: a sum of fractions need not come back to zero. */
  #underWay = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #settled = Promise.withResolvers<void>();
  #reached: CostCeilingReached | null = null;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#accounts = new Accounts(options);
    this.#clock = options.clock ?? systemClock;
  }

  /** Dollars that this asker has spent. */
  get spent(): number {
    return this.#spent;
  }

  /**
   * Holds so many dollars. Near the ceiling it waits for requests under way, which mostly cost less than was held for them.
   * @throws CostCeilingReached
   */
  async reserve(dollars: number, signal?: AbortSignal): Promise<Reservation> {
    if (!this.#has(dollars)) {
      const had = this.#turn.then(() => this.#make(dollars, signal));
      this.#turn = had.catch(() => {});
      return had;
    }
    return this.#hold(dollars);
  }

  /** Writes what is spent. */
  async flush(): Promise<void> {
    if (this.#claimed > 0) await this.#accounts.write(this.#account, { claimed: this.#claimed, spent: this.#spent });
  }

  /** Gives back what was claimed and not spent. */
  async close(): Promise<void> {
    await this.#turn;
    if (this.#claimed > 0) await this.#claim(this.#inUse);
  }

  get #inUse(): number {
    return this.#spent + this.#reserved;
  }

  #has(dollars: number): boolean {
    return fits(this.#inUse + dollars, this.#claimed);
  }

  #hold(dollars: number): Reservation {
    this.#reserved += dollars;
    this.#underWay += 1;
    let open = true;
    return {
      settle: (cost) => {
        if (!open) return;
        open = false;
        this.#underWay -= 1;
        this.#reserved = this.#underWay === 0 ? 0 : this.#reserved - dollars;
        this.#spent += cost;
        this.#settled.resolve();
        this.#settled = Promise.withResolvers();
      },
    };
  }

  async #make(dollars: number, signal: AbortSignal | undefined): Promise<Reservation> {
    for (;;) {
      signal?.throwIfAborted();
      if (this.#reached !== null && !this.#has(dollars)) throw this.#reached;
      const { promise: settled } = this.#settled;
      if (this.#has(dollars) || (await this.#claimMore(dollars))) {
        // Others may have used the claim up while it was written.
        if (this.#has(dollars)) return this.#hold(dollars);
        continue;
      }
      if (this.#underWay === 0) throw (this.#reached ??= await this.#ceilingReached(dollars));
      await settled;
    }
  }

  async #claimMore(dollars: number): Promise<boolean> {
    const { ceiling, ahead } = this.#options;
    const wanted = this.#inUse + dollars * (1 + ahead);
    if (ceiling === null) {
      await this.#claim(wanted);
      return true;
    }
    for (let tries = 0; tries < TRIES; tries += 1) {
      const room = ceiling - (await this.#others()).claimed;
      if (!fits(this.#inUse + dollars, room)) return false;
      // Never most of what is left, so that others who are under the same ceiling can go on, too.
      const claim = Math.max(this.#inUse + dollars, Math.min(wanted, this.#inUse + (room - this.#inUse) * MOST_OF_ROOM));
      await this.#claim(claim);
      if (fits(claim + (await this.#others()).claimed, ceiling)) return true;
      await this.#claim(this.#inUse);
      await this.#clock.sleep(Math.random() * APART_MS);
    }
    return false;
  }

  async #claim(dollars: number): Promise<void> {
    // Never more is in use than stands in the store: less counts from now on, more once it is written.
    this.#claimed = Math.min(this.#claimed, dollars);
    await this.#accounts.write(this.#account, { claimed: Math.max(dollars, this.#inUse), spent: this.#spent });
    this.#claimed = dollars;
  }

  #others(): Promise<Account> {
    return this.#accounts.sum(this.#account);
  }

  async #ceilingReached(dollars: number): Promise<CostCeilingReached> {
    const { ledger, remedy } = this.#options;
    const others = await this.#others();
    const total = { claimed: others.claimed + this.#inUse, spent: others.spent + this.#spent };
    return new CostCeilingReached({ ledger, ceiling: this.#options.ceiling as number, total, next: dollars, remedy });
  }
}
