import { JobProcess, type JobProcessOptions, type RunOptions } from './job-process.ts';
import type { Ready, Result } from './protocol.ts';

/** What a process has loaded, by the `affinity` of the job that had it loaded, and the seconds that it took; 0 where nobody told. */
export interface Loaded {
  affinity: string;
  seconds: number;
}

interface Slot {
  process: JobProcess;
  loaded: Loaded | null;
}

/**
 * A fixed number of job processes. A job goes to an idle process, one that has loaded what its `affinity` names (for instance its base
 * model) where there is one, else one that has nothing loaded; it waits while all are busy.
 */
export class JobPool {
  readonly #idle: Slot[];
  readonly #processes: readonly JobProcess[];
  readonly #waiting: (() => void)[] = [];

  constructor(size: number, options: JobProcessOptions) {
    this.#processes = Array.from({ length: size }, () => new JobProcess(options));
    this.#idle = this.#processes.map((process) => ({ process, loaded: null }));
  }

  get size(): number {
    return this.#processes.length;
  }

  /** What would have to be loaded again later if a job of this affinity came now; null where nothing would. */
  wouldReplace(affinity: string): Loaded | null {
    const slot = this.#idle[this.#choice(affinity)];
    const loaded = slot === undefined ? null : loadedIn(slot);
    return loaded?.affinity === affinity ? null : loaded;
  }

  /**
   * Runs a job file; see `JobProcess.run`. Also says what the process that ran it reported of itself. A job without affinity leaves loaded
   * what is.
   */
  async run(jobId: string, jobFile: string, affinity: string | null, options: RunOptions = {}): Promise<{ result: Result; ready: Ready }> {
    while (this.#idle.length === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const slot = this.#idle.splice(this.#choice(affinity), 1)[0]!;
    // Until the job tells how long loading took, if it does.
    if (affinity !== null && loadedIn(slot)?.affinity !== affinity) slot.loaded = { affinity, seconds: 0 };
    try {
      const result = await slot.process.run(jobId, jobFile, options);
      const { modelReloaded, loadSeconds } = result.measurements;
      if (affinity !== null && modelReloaded === true && typeof loadSeconds === 'number') slot.loaded = { affinity, seconds: loadSeconds };
      return { result, ready: slot.process.ready! };
    } finally {
      slot.loaded = loadedIn(slot);
      this.#idle.push(slot);
      this.#waiting.shift()?.();
    }
  }

  /** Starts all processes ahead of their first jobs; jobs that come meanwhile wait for them. */
  async warm(): Promise<void> {
    const slots = this.#idle.splice(0);
    await Promise.all(
      slots.map(async (slot) => {
        await slot.process.warm();
        this.#idle.push(slot);
        this.#waiting.shift()?.();
      }),
    );
  }

  /** Ends all processes. */
  async stop(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.stop()));
  }

  /** Index of the idle process that a job goes to. */
  #choice(affinity: string | null): number {
    const same = this.#idle.findIndex((slot) => affinity !== null && loadedIn(slot)?.affinity === affinity);
    return same >= 0 ? same : Math.max(0, this.#idle.findIndex((slot) => loadedIn(slot) === null));
  }
}

/** A process that ended has nothing loaded any more. */
function loadedIn({ process, loaded }: Slot): Loaded | null {
  return process.ready === null ? null : loaded;
}
