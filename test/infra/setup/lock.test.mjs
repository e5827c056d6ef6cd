import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { isStale, withLock } from '../../../infra/setup/lock.mjs';

function lockPath() {
  const folder = mkdtempSync(join(tmpdir(), 'needlework-lock-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'locks', 'step');
}

const dead = spawnSync('true').pid;

test.each([
  ['a living holder', { pid: 1, host: 'here' }, { ageMs: 200_000, alive: true }, false],
  ['a dead holder', { pid: 1, host: 'here' }, { ageMs: 0, alive: false }, true],
  ['an id that must have been reused', { pid: 1, host: 'here' }, { ageMs: 5_000_000, alive: true }, true],
  ['a holder elsewhere that touches it', { pid: 1, host: 'there' }, { ageMs: 6_000, alive: false }, false],
  ['a holder elsewhere that fell silent', { pid: 1, host: 'there' }, { ageMs: 120_000, alive: true }, true],
  ['an unreadable, fresh lock', null, { ageMs: 0, alive: true }, false],
  ['an unreadable, old lock', null, { ageMs: 120_000, alive: true }, true],
])('staleness of %s', (_, holder, { ageMs, alive }, stale) => {
  expect(isStale(holder, { ageMs, host: 'here', alive: () => alive })).toBe(stale);
});

test('one at a time, and the lock is gone afterwards, also after a failure', async () => {
  const file = lockPath();
  let inside = 0;
  const work = async () => {
    inside += 1;
    expect(inside).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    inside -= 1;
  };
  const waits = [];
  await Promise.all(Array.from({ length: 4 }, () => withLock(file, work, (holder) => waits.push(holder.pid))));
  expect(waits).toEqual([process.pid, process.pid, process.pid]);
  await expect(withLock(file, () => Promise.reject(new Error('bad luck')))).rejects.toThrow('bad luck');
  expect(existsSync(file)).toBe(false);
});

test('the lock of a dead process is taken over', async () => {
  const file = lockPath();
  await withLock(file, async () => {});
  writeFileSync(file, JSON.stringify({ pid: dead, host: hostname(), token: 'old' }));
  expect(await withLock(file, async () => 'done')).toBe('done');
});

test('a lock that is no lock is taken over once it is old', async () => {
  const file = lockPath();
  await withLock(file, async () => {});
  writeFileSync(file, 'garbage');
  utimesSync(file, 0, 0);
  expect(await withLock(file, async () => 'done')).toBe('done');
});
