import { ledgerPrefix } from '../names.ts';
import { NOTHING, type Objects } from '../objects.ts';

/** In dollars. */
export interface Account {
  /** What counts against the ceiling: all that was spent, and all that may be before this is written again. */
  claimed: number;
  /** By the usage that the endpoint reported. */
  spent: number;
}

/** States of an account that are kept: one who lists while the last is written finds the one before. */
const KEPT_STATES = 2;

/**
 * The accounts of one ledger, each with one owner that writes it: an asker, or a batch.
 *
 * A state of an account is an object that says all by its name, `llm/ledgers/<ledger>/<account>/<number>_<claimed>_<spent>`,
 * and that never changes; the highest number counts. So one listing reads the whole ledger, and can never see half of a
 * state, whatever the store promises about objects that are overwritten.
 */
export class Accounts {
  readonly #objects: Objects;
  readonly #prefix: string;
  /** What this process wrote of each account, oldest first. */
  readonly #written = new Map<string, { number: number; objects: string[] }>();

  constructor({ objects, ledger }: { objects: Objects; ledger: string }) {
    this.#objects = objects;
    this.#prefix = ledgerPrefix(ledger);
  }

  /** The sum of all accounts but one. */
  async sum(except?: string): Promise<Account> {
    const latest = new Map<string, Account>();
    // In the order of keys, so the latest state of an account comes last.
    for (const key of await this.#objects.list(this.#prefix)) {
      const state = parseState(key.slice(this.#prefix.length));
      if (state !== null && state.account !== except) latest.set(state.account, state);
    }
    const all = [...latest.values()];
    return { claimed: all.reduce((sum, { claimed }) => sum + claimed, 0), spent: all.reduce((sum, { spent }) => sum + spent, 0) };
  }

  /** A new state of an account that only we write. */
  async write(account: string, state: Account): Promise<void> {
    const written = this.#written.get(account) ?? { number: 0, objects: [] };
    this.#written.set(account, written);
    written.number += 1;
    const object = this.#objectOf(account, written.number, state);
    await this.#objects.write(object, NOTHING);
    written.objects.push(object);
    await this.#objects.delete(written.objects.splice(0, written.objects.length - KEPT_STATES));
  }

  /** Makes an account that stays as it is; over again it changes nothing. */
  async writeOnce(account: string, state: Account): Promise<void> {
    await this.#objects.write(this.#objectOf(account, 0, state), NOTHING);
  }

  async remove(accounts: readonly string[]): Promise<void> {
    for (const account of accounts) {
      await this.#objects.delete(await this.#objects.list(`${this.#prefix}${account}/`));
    }
  }

  #objectOf(account: string, number: number, { claimed, spent }: Account): string {
    return `${this.#prefix}${account}/${String(number).padStart(10, '0')}_${claimed.toFixed(9)}_${spent.toFixed(9)}`;
  }
}

function parseState(name: string): (Account & { account: string }) | null {
  const parts = /^([^/]+)\/\d{10}_(\d+\.\d{9})_(\d+\.\d{9})$/.exec(name);
  return parts && { account: parts[1] as string, claimed: Number(parts[2]), spent: Number(parts[3]) };
}
