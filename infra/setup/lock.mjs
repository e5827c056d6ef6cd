/**
 * A lock between processes, as a file: two set-ups may run at once on one cache.
 * The holder touches its file every few seconds; a lock whose holder is gone is taken over.
 */
import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const TOUCH_EVERY_MS = 5_000;
const SILENT_AFTER_MS = 60_000;
/** A holder of this machine may be suspended (Ctrl-Z), so it gets longer; past this its pid was surely reused. */
const SUSPENDED_AFTER_MS = 3_600_000;

/**
 * Whether a lock's holder is gone. Pure.
 * @param {{ pid: number, host: string } | null} holder null where the file could not be read as a lock
 * @param {{ ageMs: number, host: string, alive: (pid: number) => boolean }} now `ageMs`: since the last touch
 */
export function isStale(holder, { ageMs, host, alive }) {
  if (holder === null || holder.host !== host) return ageMs > SILENT_AFTER_MS;
  return !alive(holder.pid) || ageMs > SUSPENDED_AFTER_MS;
}

/** Whether a process of this machine runs; one of another user counts as running. */
export function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/**
 * Runs `work` while holding the lock; waits while another process holds it.
 * @template T
 * @param {string} file
 * @param {() => Promise<T>} work
 * @param {(holder: { pid: number, host: string } | null) => void} [onWait] called once, when there is a wait
 * @returns {Promise<T>}
 */
export async function withLock(file, work, onWait = () => {}) {
  mkdirSync(dirname(file), { recursive: true });
  const token = randomUUID();
  let waited = false;
  while (!tryAcquire(file, token)) {
    const { holder, ageMs } = read(file);
    if (isStale(holder, { ageMs, host: hostname(), alive: isAlive })) {
      takeAway(file, holder);
      continue;
    }
    if (!waited) onWait(holder);
    waited = true;
    await sleep(250);
  }
  const touch = setInterval(() => {
    try {
      utimesSync(file, new Date(), new Date());
    } catch {
      // The cache folder was removed under us; the work itself will say so.
    }
  }, TOUCH_EVERY_MS);
  touch.unref();
  try {
    return await work();
  } finally {
    clearInterval(touch);
    if (read(file).holder?.token === token) rmSync(file, { force: true });
  }
}

/** Written beside and then linked, so that a lock never exists without its contents. */
function tryAcquire(file, token) {
  const draft = `${file}.${token}`;
  writeFileSync(draft, JSON.stringify({ pid: process.pid, host: hostname(), token }));
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function read(file) {
  try {
    const ageMs = Date.now() - statSync(file).mtimeMs;
    return { holder: JSON.parse(readFileSync(file, 'utf8')), ageMs };
  } catch (error) {
    // Gone in between: not stale, simply try again. Unreadable: stale once it is old.
    if (error.code === 'ENOENT') return { holder: null, ageMs: 0 };
    return { holder: null, ageMs: Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) };
  }
}

/** Renames first: of two processes that both saw the stale lock, only one gets it, and a fresh one is put back. */
function takeAway(file, seen) {
  const aside = `${file}.stale-${randomUUID()}`;
  try {
    renameSync(file, aside);
    if (read(aside).holder?.token !== seen?.token) linkSync(aside, file);
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}
