/**
 * The cache: folders outside the checkout, each named by everything that determines its contents, so that a
 * second clone or a second run finds them ready. A folder counts only once its `complete.json` is there, written
 * last; what a killed set-up left behind has none and is built anew.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { withLock } from './lock.mjs';

const COMPLETE = 'complete.json';

/**
 * Where the cache lives. Pure.
 * @param {{ env: Record<string, string | undefined>, platform: string, home: string }} machine
 */
export function cacheRoot({ env, platform, home } = { env: process.env, platform: process.platform, home: homedir() }) {
  if (env.NEEDLEWORK_CACHE) return resolve(env.NEEDLEWORK_CACHE);
  // The XDG specification asks for relative values to be ignored.
  if (env.XDG_CACHE_HOME?.startsWith('/')) return join(env.XDG_CACHE_HOME, 'needlework');
  return platform === 'darwin' ? join(home, 'Library', 'Caches', 'needlework') : join(home, '.cache', 'needlework');
}

/** Short hash of texts, in hexadecimal; the boundaries between texts count. Pure. */
export function cacheKey(...texts) {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${Buffer.byteLength(text)}:`).update(text);
  return hash.digest('hex').slice(0, 16);
}

/** Binaries of one platform do not run on another: `linux-x64`. */
export const platformName = `${process.platform}-${process.arch}`;

/**
 * What is known about a finished folder, or null where there is none.
 * @param {string} folder
 */
export function readComplete(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, COMPLETE), 'utf8'));
  } catch {
    return null;
  }
}

/**
 * The folder `<cache>/<kind>/<key>`, built where it is missing.
 * @param {{ cache: string, kind: string, key: string, build: (folder: string) => Promise<object | void>,
 *   onWait?: Parameters<typeof withLock>[2] }} what `build` fills the empty folder; what it returns is kept in `facts`
 * @returns {Promise<{ folder: string, facts: Record<string, any>, fresh: boolean }>} `fresh`: built by this call
 */
export async function cachedFolder({ cache, kind, key, build, onWait }) {
  const folder = join(cache, kind, key);
  const facts = readComplete(folder);
  if (facts) return { folder, facts, fresh: false };
  return withLock(join(cache, 'locks', `${kind}-${key}`), async () => {
    const others = readComplete(folder);
    if (others) return { folder, facts: others, fresh: false };
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const built = (await build(folder)) ?? {};
    writeAtomically(join(folder, COMPLETE), JSON.stringify(built));
    return { folder, facts: built, fresh: true };
  }, onWait);
}

/** Writes a file so that a reader sees the old contents or the new, never half. */
export function writeAtomically(file, text) {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text);
  renameSync(draft, file);
}

/** The log of a step's commands. */
export function logFile(cache, step) {
  const folder = join(cache, 'logs');
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true });
  return join(folder, `${step}.log`);
}
