import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Program {
  name: string;
  command: readonly [string, ...string[]];
  cwd: string;
  env: NodeJS.ProcessEnv;
  logFile: string;
}

/** How soon a program that ended is started again. */
const RESTART_MS = 1_000;

/** A program that is started again whenever it ends, as a supervisor such as systemd does. */
export class Supervised {
  readonly #program: Program;
  #child: ChildProcess | null = null;
  #stopping = false;
  /** Killed on purpose: the exit is not the program's own. */
  #killed = false;
  #downMs = RESTART_MS;
  #beforeStart: (() => void) | null = null;
  /** How often it has ended though nobody killed it. */
  endedByItself = 0;

  constructor(program: Program) {
    this.#program = program;
    mkdirSync(dirname(program.logFile), { recursive: true });
  }

  get name(): string {
    return this.#program.name;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  start(): void {
    const [executable, ...args] = this.#program.command;
    const log = openSync(this.#program.logFile, 'a');
    const child = spawn(executable, args, { cwd: this.#program.cwd, env: this.#program.env, stdio: ['ignore', log, log] });
    closeSync(log);
    this.#child = child;
    child.once('exit', () => void this.#again());
  }

  /** kill -9; it is started again after `downMs`, and after `beforeStart`. */
  kill(downMs = RESTART_MS, beforeStart: (() => void) | null = null): void {
    this.#killed = true;
    this.#downMs = downMs;
    this.#beforeStart = beforeStart;
    this.#child?.kill('SIGKILL');
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), 30_000);
    await ended;
    clearTimeout(kill);
  }

  async #again(): Promise<void> {
    this.#child = null;
    if (this.#stopping) return;
    if (!this.#killed) this.endedByItself += 1;
    this.#killed = false;
    await sleep(this.#downMs);
    this.#downMs = RESTART_MS;
    this.#beforeStart?.();
    this.#beforeStart = null;
    if (!this.#stopping) this.start();
  }
}

/** Process ids of the trainers that a worker has started. */
export function trainersOf(pid: number): number[] {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(/\s+/));
    return [...new Set(children)].filter((child) => child !== '' && readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('needlework_trainer')).map(Number);
  } catch {
    // The worker, or a child, ended meanwhile.
    return [];
  }
}
