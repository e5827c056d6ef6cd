/** Running other programs, and finding them. */
import { spawn } from 'node:child_process';
import { accessSync, appendFileSync, closeSync, constants, mkdirSync, openSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cacheKey, writeAtomically } from './cache.mjs';
import { SetupFailure } from './failure.mjs';

const running = new Set();

/** Ends what this set-up has started; called when it is itself told to end. */
export function endRunning() {
  for (const child of running) child.kill('SIGTERM');
}

/**
 * Runs a program to its end, its output appended to a log.
 * @param {string} program
 * @param {string[]} args
 * @param {{ log: string, failure: string, advice: string, cwd?: string, env?: NodeJS.ProcessEnv }} options
 * @throws {SetupFailure} where it cannot be started or ends with another status than 0.
 */
export async function execute(program, args, { log, failure, advice, cwd, env = process.env }) {
  const command = `$ ${[program, ...args].join(' ')}\n`;
  appendFileSync(log, `\n${command}`);
  const output = openSync(log, 'a');
  try {
    const ended = await new Promise((resolve) => {
      const child = spawn(program, args, { cwd, env, stdio: ['ignore', output, output] });
      running.add(child);
      child.on('error', (error) => resolve(error.message));
      child.on('close', (code, signal) => resolve(code === 0 ? null : signal ? `signal ${signal}` : `exit status ${code}`));
      child.on('close', () => running.delete(child));
    });
    if (ended !== null) throw new SetupFailure(`${failure} (${ended})`, { advice, log, tail: tellingLines(readFileSync(log, 'utf8').split(command).at(-1), 8) });
  } finally {
    closeSync(output);
  }
}

/**
 * The lines of a program's output that say what went wrong: from the first that speaks of an error, else the last ones. Pure.
 * @param {string} text
 * @param {number} count
 */
export function tellingLines(text, count) {
  const lines = text.split(/[\r\n]+/).filter((line) => line.trim() !== '');
  const first = lines.findIndex((line) => /\berror\b/i.test(line));
  return (first === -1 ? lines.slice(-count) : lines.slice(first, first + count)).join('\n');
}

/**
 * What a program prints, or null where it cannot be run or fails.
 * @param {string} program
 * @param {string[]} args
 * @returns {Promise<string | null>}
 */
export function ask(program, args) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: 20_000 });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', () => resolve(null));
    child.on('close', (code) => resolve(code === 0 ? output : null));
  });
}

/**
 * Full path of a program on PATH, or null.
 * @param {string} name
 * @param {string} [path]
 */
export function onPath(name, path = process.env.PATH ?? '') {
  for (const folder of path.split(delimiter)) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return file;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}

/**
 * The answer of `question(file)`, remembered for as long as the file is the same: a warm start must not run programs
 * only to learn their versions.
 * @param {string} cache
 * @param {string} file
 * @param {(file: string) => Promise<object | null>} question
 */
export async function rememberedAbout(cache, file, question) {
  const { size, mtimeMs } = statSync(file);
  const note = join(cache, 'probes', `${cacheKey(file, realpathSync(file), String(size), String(mtimeMs))}.json`);
  try {
    return JSON.parse(readFileSync(note, 'utf8'));
  } catch {
    const answer = await question(file);
    mkdirSync(join(cache, 'probes'), { recursive: true });
    writeAtomically(note, JSON.stringify(answer));
    return answer;
  }
}
