import { AsyncResource } from 'node:async_hooks';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown } from 'node:fs/promises';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { JobFailed, ProcessCrashed } from './errors.ts';
import { type Checkpoint, Event, type Progress, type Ready, type Result } from './protocol.ts';

/** Time a process gets between SIGTERM and SIGKILL. */
const GRACE_MS = 5_000;
/** What hangs on a lifeline gets this long to end by itself; nobody waits for it any longer. */
const LIFELINE_MS = 30_000;
/** A process that says nothing for this long, while it starts or works, is stuck: jobs report their progress far more often. */
const SILENCE_MS = 30 * 60_000;
/** A kernel that is out of memory gives the process no time to say so. */
const KILLED = ', killed by something else than this worker: if the machine or the container ran out of memory, a shorter context, dtype bfloat16 or more memory helps';
/** Lines of standard error kept for the message of a crash. */
const TAIL_LINES = 20;

/** A user and group by their numbers. */
export interface User {
  uid: number;
  gid: number;
}

export interface JobProcessOptions {
  command: readonly [string, ...string[]];
  /** The whole environment of the process: nothing is inherited, so no credential can leak into it. */
  env: Readonly<Record<string, string>>;
  /** Whom the process runs as where that is not our own user: the folders that a job writes to are made theirs. */
  owner?: User;
  /** Gives the process a pipe as fd 3 that breaks when it ends, or we do. */
  lifeline?: boolean;
  onLog?: (level: string, message: string) => void;
  /** Milliseconds without an event after which a working process counts as stuck; half an hour where absent. */
  silenceMs?: number;
}

export interface RunOptions {
  /** Folders that the job writes to. */
  writes?: readonly string[];
  onProgress?: (progress: Progress) => void;
  onCheckpoint?: (checkpoint: Checkpoint) => void;
  /** What the process says while it does the job. */
  onLog?: (level: string, message: string) => void;
  /** Aborting stops the process (SIGTERM, then SIGKILL); `run` then rejects with the signal's reason. */
  signal?: AbortSignal;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * One long-lived process that takes jobs one after another, so that what it loaded for one job serves the next.
 * It is started by the first job and again by the first job after a crash or a cancellation; either ends the running
 * job only.
 */
export class JobProcess {
  readonly #options: JobProcessOptions;
  #child: Child | null = null;
  #ready: Ready | null = null;
  #busy = false;
  #stderr: string[] = [];
  #onEvent: (event: Event) => void = () => {};

  constructor(options: JobProcessOptions) {
    this.#options = options;
  }

  /** What the running process said of itself, or null before its first job. */
  get ready(): Ready | null {
    return this.#ready;
  }

  /**
   * Runs one job file. Rejects with `JobFailed` (the process said why), `ProcessCrashed`, or the reason of `signal`.
   * One job at a time: a second call while one runs is a programming error.
   */
  async run(jobId: string, jobFile: string, { writes = [], signal, ...listeners }: RunOptions = {}): Promise<Result> {
    if (this.#busy) throw new Error('the process is busy: one job at a time');
    signal?.throwIfAborted();
    this.#busy = true;
    const stop = () => void this.stop();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      const child = this.#child ?? (await this.#start());
      const { owner } = this.#options;
      if (owner) for (const folder of writes) await chown(folder, owner.uid, owner.gid);
      signal?.throwIfAborted();
      return await this.#runOn(child, jobId, jobFile, listeners);
    } catch (error) {
      throw signal?.aborted ? signal.reason : error;
    } finally {
      signal?.removeEventListener('abort', stop);
      this.#busy = false;
    }
  }

  /** Starts the process ahead of its first job. A failure shows with that job. */
  async warm(): Promise<void> {
    if (this.#child !== null || this.#busy) return;
    this.#busy = true;
    await this.#start()
      .catch(() => {})
      .finally(() => {
        this.#busy = false;
      });
  }

  /** Ends the process if it runs: SIGTERM, then SIGKILL after a few seconds. Resolves when it is gone, and what hung on its lifeline. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    const closed = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
    await gone;
    clearTimeout(kill);
    if (this.#options.lifeline) await Promise.race([closed, sleep(LIFELINE_MS, undefined, { ref: false })]);
  }

  async #start(): Promise<Child> {
    const [executable, ...args] = this.#options.command;
    // A process group of its own, so that an interrupt at the terminal reaches us alone, and we decide what stops.
    const lifeline = this.#options.lifeline ? (['pipe'] as const) : [];
    const child = spawn(executable, args, { env: { ...this.#options.env }, stdio: ['pipe', 'pipe', 'pipe', ...lifeline], detached: true }) as Child;
    this.#child = child;
    this.#stderr = [];
    // A pipe to a process that just died; its exit is what counts.
    for (const pipe of [child.stdin, child.stdio[3]]) pipe?.on('error', () => {});
    createInterface({ input: child.stderr }).on('line', (line) => {
      this.#stderr.push(line);
      if (this.#stderr.length > TAIL_LINES) this.#stderr.shift();
      this.#options.onLog?.('debug', line);
    });
    createInterface({ input: child.stdout }).on('line', (line) => this.#receive(line));
    const gone = () => {
      if (this.#child === child) this.#child = this.#ready = null;
      // What the process left to run may hold its other end.
      child.stdio[3]?.destroy();
    };
    // A process that cannot be started has no exit.
    for (const end of ['exit', 'error', 'close'] as const) child.once(end, gone);
    this.#ready = await this.#until(child, (event) => (event.type === 'ready' ? event : null));
    return child;
  }

  async #runOn(child: Child, jobId: string, jobFile: string, { onProgress, onCheckpoint, onLog }: Omit<RunOptions, 'signal'>): Promise<Result> {
    child.stdin.write(`${JSON.stringify({ type: 'run', job: jobFile })}\n`);
    const take = (event: Event) => {
      if (event.type === 'progress' && event.jobId === jobId) onProgress?.(event);
      if (event.type === 'checkpoint' && event.jobId === jobId) onCheckpoint?.(event);
      if (event.type === 'log') onLog?.(event.level, event.message);
      if (event.type === 'error') throw new JobFailed(event.error.type, event.error.message, event.error.retryable);
      return event.type === 'result' && event.jobId === jobId ? event : null;
    };
    // Events come in the context of whoever started the process; those who listen, log in that of their own job.
    return this.#until(child, AsyncResource.bind(take));
  }

  /**
   * Resolves with the first event for which `pick` gives a value; rejects if `pick` throws, the process ends, or it says
   * nothing for so long that it must be stuck: then it is killed.
   */
  #until<T>(child: Child, pick: (event: Event) => T | null): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const { silenceMs = SILENCE_MS } = this.#options;
      let stuck = false;
      const onSilence = () => {
        stuck = true;
        child.kill('SIGKILL');
      };
      let silence = setTimeout(onSilence, silenceMs);
      const onExit = (code: number | null, signal: NodeJS.Signals | null) => {
        clearTimeout(silence);
        const end = stuck ? `said nothing for ${silenceMs / 60_000} minutes and was killed` : `ended (${signal ?? `exit status ${code}`})${wasKilled(code, signal) ? KILLED : ''}`;
        reject(new ProcessCrashed([`the job process ${end}`, ...this.#stderr].join('\n')));
      };
      const onError = (error: Error) => {
        clearTimeout(silence);
        reject(new ProcessCrashed(`the job process could not be started: ${error.message}`));
      };
      child.once('close', onExit);
      child.once('error', onError);
      const settle = (finish: () => void) => {
        clearTimeout(silence);
        child.off('close', onExit);
        child.off('error', onError);
        this.#onEvent = () => {};
        finish();
      };
      this.#onEvent = (event) => {
        clearTimeout(silence);
        silence = setTimeout(onSilence, silenceMs);
        try {
          const value = pick(event);
          if (value !== null) settle(() => resolve(value));
        } catch (error) {
          settle(() => reject(error));
        }
      };
    });
  }

  #receive(line: string): void {
    const event = parseEvent(line);
    if (event === null) this.#options.onLog?.('warn', `not an event: ${line.slice(0, 500)}`);
    else {
      if (event.type === 'log') this.#options.onLog?.(event.level, event.message);
      this.#onEvent(event);
    }
  }
}

/** Whether SIGKILL ended it, or what it is the client of. */
function wasKilled(code: number | null, signal: NodeJS.Signals | null): boolean {
  return signal === 'SIGKILL' || code === 128 + constants.signals.SIGKILL;
}

function parseEvent(line: string): Event | null {
  try {
    return Event.parse(JSON.parse(line));
  } catch {
    return null;
  }
}
