/**
 * The cache: folders outside the checkout, each known by a key of everything that determines its contents, so that a
 * second clone or a second run finds them ready. Each build has a new folder, `<key>.<random>`, and counts only once
 * `<key>.json`, written last, names it: what a killed set-up left behind, or its orphans still write to, is nobody's.
 * Folders are never renamed, since Python environments know their own path.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { withLock } from './lock.mjs';

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
 * A finished folder and what is known about it, or null where there is none.
 * @param {{ cache: string, kind: string, key: string }} what
 * @returns {{ folder: string, facts: Record<string, any> } | null}
 */
export function finishedFolder({ cache, kind, key }) {
  try {
    const { name, facts } = JSON.parse(readFileSync(join(cache, kind, `${key}.json`), 'utf8'));
    const folder = join(cache, kind, name);
    return existsSync(folder) ? { folder, facts } : null;
  } catch {
    return null;
  }
}

/**
 * The finished folder of a kind and key, built where it is missing.
 * @param {{ cache: string, kind: string, key: string, build: (folder: string) => Promise<object | void>,
 *   usable?: (folder: string) => boolean, onWait?: Parameters<typeof withLock>[2] }} what `build` fills the empty
 *   folder, and what it returns is kept in `facts`; `usable` looks whether a finished one still works
 * @returns {Promise<{ folder: string, facts: Record<string, any> }>}
 */
export async function cachedFolder({ cache, kind, key, build, usable = () => true, onWait }) {
  const ready = () => {
    const found = finishedFolder({ cache, kind, key });
    return found && usable(found.folder) ? found : null;
  };
  return ready() ?? withLock(join(cache, 'locks', `${kind}-${key}`), async () => {
    const others = ready();
    if (others) return others;
    mkdirSync(join(cache, kind), { recursive: true });
    removeLeftovers(join(cache, kind), key);
    const name = `${key}.${randomBytes(3).toString('hex')}`;
    const folder = join(cache, kind, name);
    mkdirSync(folder);
    const facts = (await build(folder)) ?? {};
    writeAtomically(join(cache, kind, `${key}.json`), JSON.stringify({ name, facts }));
    return { folder, facts };
  }, onWait);
}

/** As far as possible: what an orphan still writes to is removed another time. */
function removeLeftovers(parent, key) {
  for (const name of readdirSync(parent).filter((entry) => entry.startsWith(`${key}.`))) {
    try {
      rmSync(join(parent, name), { recursive: true, force: true });
    } catch {
      // In the way of nobody.
    }
  }
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
