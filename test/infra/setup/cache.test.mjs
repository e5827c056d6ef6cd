import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { cachedFolder, cacheKey, cacheRoot } from '../../../infra/setup/cache.mjs';

function scratchFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'needlework-setup-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('the cache is where the person says, else where the system keeps caches', () => {
  const at = (env, platform = 'linux') => cacheRoot({ env, platform, home: '/home/ada' });
  expect(at({})).toBe('/home/ada/.cache/needlework');
  expect(at({}, 'darwin')).toBe('/home/ada/Library/Caches/needlework');
  expect(at({ XDG_CACHE_HOME: '/var/cache' })).toBe('/var/cache/needlework');
  expect(at({ XDG_CACHE_HOME: 'relative' })).toBe('/home/ada/.cache/needlework');
  expect(at({ XDG_CACHE_HOME: '/var/cache', NEEDLEWORK_CACHE: '/big/disk' })).toBe('/big/disk');
});

test('a key depends on every text and on where one ends', () => {
  expect(cacheKey('lock', 'file')).toBe(cacheKey('lock', 'file'));
  expect(new Set([cacheKey('lock', 'file'), cacheKey('lockf', 'ile'), cacheKey('lockfile'), cacheKey('file', 'lock')]).size).toBe(4);
});

test('a folder is built once, also for two that ask at the same time', async () => {
  const cache = scratchFolder();
  let builds = 0;
  const ask = () => cachedFolder({
    cache, kind: 'node', key: '24', build: async (folder) => {
      builds += 1;
      writeFileSync(join(folder, 'file'), 'x');
      return { builds };
    },
  });
  const [a, b] = await Promise.all([ask(), ask()]);
  expect(builds).toBe(1);
  expect([a.fresh, b.fresh].sort()).toEqual([false, true]);
  expect(await ask()).toEqual({ folder: join(cache, 'node', '24'), facts: { builds: 1 }, fresh: false });
});

test('what a failed or killed build left behind does not count', async () => {
  const cache = scratchFolder();
  const folder = join(cache, 'go', '1');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'half'), '');
  await expect(cachedFolder({ cache, kind: 'go', key: '1', build: () => Promise.reject(new Error('no network')) })).rejects.toThrow('no network');
  await cachedFolder({ cache, kind: 'go', key: '1', build: async (target) => writeFileSync(join(target, 'whole'), 'y') });
  expect(existsSync(join(folder, 'half'))).toBe(false);
  expect(readFileSync(join(folder, 'whole'), 'utf8')).toBe('y');
});
