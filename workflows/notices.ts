/** News of a sweep for the webhook of its spec: cells that block, and its end. What cannot be told stops nothing. */
import { unattendedText } from './board.ts';
import type { Failure, SweepProgress, SweepResult } from './contracts/progress.ts';
import type { Notice } from './contracts/requests.ts';
import type { Webhook } from './contracts/run.ts';
import type { SweepSpec } from './contracts/spec.ts';
import { appointHerald, relieveHerald } from './herald.ts';
import { post } from './webhook.ts';

/** Blocked cells that one notice names. */
const MOST_NAMED = 20;

export class Notices {
  readonly #sweep: string;
  readonly #webhook: Webhook | undefined;
  #blocked: (Failure & { cell: string })[] = [];
  #sending: Promise<void> | null = null;
  #posting = 0;

  constructor(sweep: string, { run }: SweepSpec) {
    this.#sweep = sweep;
    this.#webhook = run?.webhook;
  }

  /** From now on somebody tells the end of the sweep, should it come to one that it cannot tell. */
  begin(): void {
    if (this.#webhook !== undefined) void appointHerald(this.#sweep, this.#webhook);
  }

  /** Whether nothing is on its way. */
  get areTold(): boolean {
    return this.#sending === null && this.#posting === 0;
  }

  /** A cell waits for a person. Cells that block while a notice is on its way share the next one. */
  blocked(cell: string, failure: Failure): void {
    if (this.#webhook === undefined) return;
    this.#blocked.push({ cell, ...failure });
    this.#sending ??= this.#sendBlocked();
  }

  /** Trainer jobs wait, and no worker listens for any. Such news wait for none, and none for them. */
  unattended(jobs: number): void {
    if (this.#webhook === undefined) return;
    void this.#post({ event: 'unattended', sweep: this.#sweep, status: 'running', text: `Sweep ${this.#sweep} waits for ${unattendedText(jobs)}`, blocked: [], report: null });
  }

  /** The sweep has come to its end, with a result or the error that it ends with. */
  async ended(status: SweepResult['status'] | 'failed' | 'cancelled', outcome: SweepResult | unknown, { counts }: SweepProgress): Promise<void> {
    if (this.#webhook === undefined) return;
    await this.#sending;
    const failed = outcome instanceof Error;
    await this.#post({
      event: 'ended',
      sweep: this.#sweep,
      status,
      text: `Sweep ${this.#sweep} ended: ${status}${status === 'failed' && failed ? `. ${outcome.message}` : ''} (${Object.entries(counts).flatMap(([name, count]) => (count > 0 ? [`${count} ${name}`] : [])).join(', ')})`,
      blocked: [],
      report: failed ? null : (outcome as SweepResult).report.file,
    });
    await relieveHerald(this.#sweep);
  }

  async #sendBlocked(): Promise<void> {
    while (this.#blocked.length > 0) {
      const blocked = this.#blocked.splice(0);
      const [first] = blocked;
      const what = blocked.length === 1 ? `${first!.message}. What to do: ${first!.remedy}` : `${blocked.length} cells are blocked: ${blocked.slice(0, MOST_NAMED).map(({ cell }) => cell).join(', ')}`;
      await this.#post({ event: 'blocked', sweep: this.#sweep, status: 'blocked', text: `Sweep ${this.#sweep}: ${what}`, blocked: blocked.slice(0, MOST_NAMED), report: null });
    }
    this.#sending = null;
  }

  async #post(notice: Notice): Promise<void> {
    this.#posting += 1;
    try {
      await post(this.#webhook!, notice);
    } finally {
      this.#posting -= 1;
    }
  }
}
