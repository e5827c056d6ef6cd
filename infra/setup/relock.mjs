/**
 * `npm run lock`: writes the lock files anew from package.json, infra/setup/locks, infra/trainer/requirements*.in and
 * test/bench/orchestration/requirements.in. Pins that still fit are kept; `npm run lock -- --upgrade` takes the newest
 * Python packages. Registry addresses stay out of all of them.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { handOver } from './handover.mjs';
import { npm } from './npm.mjs';
import { OLDEST_PYTHON } from './pins.mjs';
import { findPython } from './pythons.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
const upgrade = process.argv.slice(2).filter((arg) => arg === '--upgrade');
/** Snakemake asks for it. */
const OLDEST_FOR_BENCH = '3.11';
const scratch = mkdtempSync(join(tmpdir(), 'needlework-lock-'));
const env = process.env;

try {
  for (const folder of [root, join(root, 'infra', 'setup', 'locks', 'node')]) {
    await must(...npm('install', '--package-lock-only', '--ignore-scripts', '--omit-lockfile-registry-resolved=true', '--no-audit', '--no-fund'), folder);
  }
  const { executable } = await findPython();
  await must(executable, ['-m', 'venv', scratch], root);
  await must(join(scratch, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', 'uv'], root);
  const trainer = join(root, 'infra', 'trainer');
  const bench = join(root, 'test', 'bench', 'orchestration');
  for (const [folder, name, python = OLDEST_PYTHON] of [[trainer, 'requirements'], [trainer, 'requirements-deepspeed'], [join(root, 'infra', 'setup', 'locks'), 'go'], [bench, 'requirements', OLDEST_FOR_BENCH]]) {
    // What comes on top of requirements.lock, and nothing that is in it.
    const known = name === 'requirements-deepspeed' ? packagesOf(readFileSync(join(trainer, 'requirements.lock'), 'utf8')) : [];
    await must(join(scratch, 'bin', 'uv'), [
      'pip', 'compile', '--quiet', '--universal', '--generate-hashes', '--no-emit-index-url', '--no-emit-find-links',
      '--python-version', python, '--custom-compile-command', 'npm run lock', ...known.flatMap((one) => ['--no-emit-package', one]), ...upgrade, `${name}.in`, '-o', `${name}.lock`,
    ], folder);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** Names of the packages that a lock file pins. */
function packagesOf(lock) {
  return [...new Set([...lock.matchAll(/^([a-z0-9-]+)==/gm)].map(([, name]) => name))];
}

async function must(program, args, cwd) {
  const status = await handOver(program, args, { env, cwd });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with exit status ${status}`);
}
