/** Running a program in our place: same terminal, same signals, same exit status. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/**
 * @param {string} program
 * @param {string[]} args
 * @param {{ env: NodeJS.ProcessEnv, cwd?: string }} options
 * @returns {Promise<number>} its exit status, 128 + signal number where a signal ended it
 */
export function handOver(program, args, { env, cwd }) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, cwd, stdio: 'inherit' });
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
