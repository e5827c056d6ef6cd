import { JobProcess, type JobProcessOptions, type RunOptions } from './job-process.ts';
import type { Ready, Result } from './protocol.ts';

/**
 * A fixed number of job processes. A job goes to an idle process, one that last ran a job with the same `affinity`
 * (for instance the same base model) where there is one; it waits while all are busy.
 */
export class JobPool {
  readonly #idle: { process: JobProcess; affinity: string | null }[];
  readonly #processes: readonly JobProcess[];
  readonly #waiting: (() => void)[] = [];

  constructor(size: number, options: JobProcessOptions) {
    this.#processes = Array.from({ length: size }, () => new JobProcess(options));
    this.#idle = this.#processes.map((process) => ({ process, affinity: null }));
  }

  get size(): number {
    return this.#processes.length;
  }

  /** Runs a job file; see `JobProcess.run`. Also says what the process that ran it reported of itself. */
  async run(jobId: string, jobFile: string, affinity: string, options: RunOptions = {}): Promise<{ result: Result; ready: Ready }> {
    while (this.#idle.length === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const index = Math.max(0, this.#idle.findIndex((slot) => slot.affinity === affinity));
    const slot = this.#idle.splice(index, 1)[0]!;
    try {
      const result = await slot.process.run(jobId, jobFile, options);
      return { result, ready: slot.process.ready! };
    } finally {
      this.#idle.push({ process: slot.process, affinity });
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
}
