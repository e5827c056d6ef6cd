/** How much one run of a sweep may come to: a server ends a workflow whose history has grown too long, and has it hear no more. */
import { condition, sleep, workflowInfo } from '@temporalio/workflow';
import type { SweepLimits } from './policies.ts';

/** From here on, in parts of the limits, no moment is too bad: that is still below what a server takes. */
const LATEST = 1.4;

/**
 * A run ends in a workflow task in which no update was answered: the server turns a task down that would end a run while there is news
 * for it, and whoever sent an update in that task would be told that it failed. Nor does one end while people tell its cells something,
 * as signals in bulk do one cell after the other: what comes to a cell in the moment in which it ends with the run is not heard.
 */
const BEFORE_END_MS = 500;

/** Events that it takes to start a cell again that is blocked: a run that has many comes to them before it has done anything else. */
const EVENTS_OF_A_START = 7;

/** Counts what a run's history holds. The server tells events and bytes, as of the current workflow task; signals and updates it does not. */
export class RunSpan {
  readonly #limits: SweepLimits['history'];
  readonly #toBegin: number;
  #signals = 0;
  #words = 0;
  #updates = 0;
  #updatedAt: number | null = null;

  /** `blocked`: cells that the run starts as they were in the one before. */
  constructor(limits: SweepLimits['history'], blocked: number) {
    this.#limits = limits;
    this.#toBegin = blocked * EVENTS_OF_A_START;
  }

  /** `words`: how many of people it brought. */
  onSignal(words = 0): void {
    this.#signals += 1;
    this.#words += words;
  }

  onUpdate(): void {
    this.#updates += 1;
    this.#updatedAt = workflowInfo().historyLength;
  }

  /**
   * Resolves when the run should come to its end, at a moment that is `good`, or has to; never while it is not `free` to. `comes` is
   * called before, once that is to be expected.
   */
  async over(free: () => boolean, good: () => boolean, comes: () => void): Promise<void> {
    await condition(() => this.#isOver(() => true));
    comes();
    const isOver = () => free() && this.#isOver(good);
    const isLate = () => this.#isOver(() => false);
    let words: number;
    do {
      await condition(isOver);
      words = this.#words;
      await sleep(BEFORE_END_MS);
    } while (!isOver() || this.#updatedAt === workflowInfo().historyLength || (this.#words > words && !isLate()));
  }

  #isOver(good: () => boolean): boolean {
    const { historyLength, historySize } = workflowInfo();
    const { events, bytes, signals, updates } = this.#limits;
    const part = (length: number) => Math.max(length / events, historySize / bytes, this.#signals / signals, this.#updates / updates);
    return part(historyLength) >= LATEST || (part(historyLength - this.#toBegin) >= 1 && good());
  }
}
