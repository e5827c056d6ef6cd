/** Running a program in our place: same terminal, same signals, same exit status. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

/** A niceness with which a program gets what others leave. */
const GIVES_WAY = 10;

/**
 * @param {string} program
 * @param {string[]} args
 * @param {{ env: NodeJS.ProcessEnv, cwd?: string, aside?: string }} options with `aside`, the path of a file, the program writes there
 *   instead, and gives way to others that want the processor
 * @returns {Promise<number>} its exit status, 128 + signal number where a signal ended it
 */
export function handOver(program, args, { env, cwd, aside }) {
  return new Promise((resolve, reject) => {
    const output = aside === undefined ? 'inherit' : openSync(aside, 'w');
    const child = spawn(program, args, { env, cwd, stdio: [aside === undefined ? 'inherit' : 'ignore', output, output] });
    if (typeof output === 'number') closeSync(output);
    if (aside !== undefined && child.pid !== undefined) setPriority(child.pid, GIVES_WAY);
    // Ctrl-C reaches the child by itself, since it is of the same terminal; we only must not end before it does.
    const ignore = () => {};
    const pass = (signal) => child.kill(signal);
    process.on('SIGINT', ignore).on('SIGTERM', pass).on('SIGHUP', pass);
    const settle = () => process.off('SIGINT', ignore).off('SIGTERM', pass).off('SIGHUP', pass);
    child.on('error', (error) => {
      settle();
      reject(error);
    });
    child.on('exit', (code, signal) => {
      settle();
      resolve(code ?? 128 + (constants.signals[signal] ?? 0));
    });
  });
}
