/**
 * Which jobs a trainer worker leaves to others. Workers of a fleet take from one queue, in its order, whatever they have loaded; so a free
 * worker looks through the queue once for a job that fits before it throws a base out that took long to load. What it turns down goes
 * back to the queue, behind the others of its sweep and priority, and is taken by whoever it fits, or by this worker when it meets it again.
 */

export interface QueuePassLimits {
  /** A base that was loaded in less is not worth a look through the queue. */
  loadSeconds: number;
  /** A pass ends after so long, with the next job whatever it is. */
  passMs: number;
  /** A job is back in the queue after so long. More than 0: the server takes 0 for a minute. */
  againMs: number;
  /** A job that was turned down so many times, by whomever, is taken by the next worker. */
  mostTimes: number;
}

/** A job as a worker meets it. */
export interface MetJob {
  /** The same each time that it is met. */
  id: string;
  /** Temporal's priority key: less is more urgent. */
  priority: number;
  /** How often workers have turned it down so far. */
  timesTurnedDown: number;
  /** Seconds that it took to load the base which it would throw out; null where it throws none out. */
  replacesSeconds: number | null;
}

/** Why a job is turned down. */
export type TurnedDown = 'another base' | 'more urgent one comes back';

/** A pass of one worker through its queue. It ends when a job is taken. */
export class QueuePass {
  readonly limits: QueuePassLimits;
  readonly #now: () => number;
  #begun = 0;
  #last = -Infinity;
  #mostUrgent = Infinity;
  readonly #turnedDown = new Set<string>();

  constructor(limits: QueuePassLimits, now: () => number = () => performance.now()) {
    this.limits = limits;
    this.#now = now;
  }

  /** Null where the worker takes the job, else why it turns it down. */
  meets(job: MetJob): TurnedDown | null {
    const now = this.#now();
    // An idle worker meets nothing for long; what it turned down before that does not make it hurry now.
    if (now - this.#last > this.limits.passMs) {
      this.#begun = now;
      this.#mostUrgent = Infinity;
    }
    const why = this.#reason(job, now);
    if (why === null) {
      this.#turnedDown.clear();
      this.#last = -Infinity;
      return null;
    }
    this.#turnedDown.add(job.id);
    this.#last = now;
    if (why === 'another base') this.#mostUrgent = Math.min(this.#mostUrgent, job.priority);
    return why;
  }

  #reason({ id, priority, timesTurnedDown, replacesSeconds }: MetJob, now: number): TurnedDown | null {
    const { loadSeconds, passMs, mostTimes } = this.limits;
    if (this.#turnedDown.has(id) || timesTurnedDown >= mostTimes || now - this.#begun > passMs) return null;
    // The server hands out urgent jobs first, so one that was turned down comes back before all that are less urgent, is then met again,
    // and so taken. Until it is back, the next in the queue may be a less urgent one: that must not go first, though it fit.
    if (priority > this.#mostUrgent) return 'more urgent one comes back';
    return replacesSeconds !== null && replacesSeconds >= loadSeconds ? 'another base' : null;
  }
}
