import type { StageAdvance } from '#workflows/contracts/progress.ts';
import type { StageProgress } from './heartbeat.ts';

/** Work must go on for so long before its pace says anything about its end. */
const SETTLED_MS = 5_000;
const LOG_LINES = 8;

/** From reports of progress to what people want to know: per cent, when it will be over, and the last lines of the log. */
export class Pace {
  readonly #now: () => number;
  #phase = '';
  #total = 0;
  #from = { at: 0, done: 0 };
  #log: string[] = [];

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** A line of the log, with the time of day (UTC). */
  log(line: string): void {
    this.#log = [...this.#log, `${this.#time()} ${line}`].slice(-LOG_LINES);
  }

  advance(progress: StageProgress): StageAdvance {
    const { phase, done, total, unit, metrics = {} } = progress;
    // A phase that goes on where it was cut off begins with what was done then.
    if (phase !== this.#phase || total !== this.#total || done < this.#from.done) {
      if (phase !== this.#phase) this.log(`${phase}${total > 1 ? `: ${total} ${unit}`.trimEnd() : ''}`);
      this.#phase = phase;
      this.#total = total;
      this.#from = { at: this.#now(), done };
    }
    if (typeof metrics.loss === 'number') this.#logLoss(done, metrics.loss);
    const percent = total > 1 ? Math.floor(Math.min(1000, Math.max(0, (1000 * done) / total))) / 10 : null;
    return { phase, done, total, unit, percent, endsAbout: this.#endsAbout(done, total), metrics, log: this.#log };
  }

  #logLoss(step: number, loss: number): void {
    const line = `step ${step}: loss ${loss.toFixed(3)}`;
    if (!this.#log.at(-1)?.endsWith(line)) this.log(line);
  }

  #endsAbout(done: number, total: number): string | null {
    const { at, done: before } = this.#from;
    const spent = this.#now() - at;
    if (done <= before || spent < SETTLED_MS) return null;
    return new Date(this.#now() + ((total - done) * spent) / (done - before)).toISOString();
  }

  #time(): string {
    return new Date(this.#now()).toISOString().slice(11, 19);
  }
}
