import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { cachedFolder, cacheKey, cacheRoot, finishedFolder } from '../../../infra/setup/cache.mjs';

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
  expect(a).toEqual(b);
  expect(await ask()).toEqual(a);
  expect(a.facts).toEqual({ builds: 1 });
  expect(finishedFolder({ cache, kind: 'node', key: '24' })).toEqual(a);
});

test('what a failed or killed build left behind does not count and is removed', async () => {
  const cache = scratchFolder();
  let half = '';
  const fails = async (folder) => {
    half = folder;
    writeFileSync(join(folder, 'half'), '');
    throw new Error('no network');
  };
  await expect(cachedFolder({ cache, kind: 'go', key: '1', build: fails })).rejects.toThrow('no network');
  expect(finishedFolder({ cache, kind: 'go', key: '1' })).toBeNull();
  const { folder } = await cachedFolder({ cache, kind: 'go', key: '1', build: async (target) => writeFileSync(join(target, 'whole'), 'y') });
  expect(existsSync(half)).toBe(false);
  expect(readFileSync(join(folder, 'whole'), 'utf8')).toBe('y');
});

test('a finished folder that was removed, or no longer works, is built anew', async () => {
  const cache = scratchFolder();
  const build = async (folder) => writeFileSync(join(folder, 'python'), '');
  const ask = () => cachedFolder({ cache, kind: 'python', key: '3', build, usable: (folder) => existsSync(join(folder, 'python')) });
  const first = await ask();
  rmSync(first.folder, { recursive: true });
  const second = await ask();
  expect(existsSync(second.folder)).toBe(true);
  rmSync(join(second.folder, 'python'));
  const third = await ask();
  expect(third.folder).not.toBe(second.folder);
  expect(existsSync(second.folder)).toBe(false);
});
