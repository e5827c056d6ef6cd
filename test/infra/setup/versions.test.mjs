import { expect, test } from 'vitest';
import { compareVersions, oldestOf, parseVersion, within } from '../../../infra/setup/versions.mjs';

test('versions are read out of what tools print', () => {
  expect(parseVersion('go1.26.8')).toEqual([1, 26, 8]);
  expect(parseVersion('temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)')).toEqual([1, 5, 1]);
  expect(parseVersion('no numbers')).toBeNull();
});

test('versions are compared by number, part by part', () => {
  expect(compareVersions('3.9.18', '3.10')).toBeLessThan(0);
  expect(compareVersions('3.10', '3.10.0')).toBe(0);
  expect(compareVersions('24.0.0', '20.20.2')).toBeGreaterThan(0);
});

test('a range includes both ends, the newest to the depth it is written in', () => {
  const range = { oldest: '3.10', newest: '3.14' };
  expect(['3.9.18', '3.10.0', '3.14.7', '3.15.0'].map((version) => within(version, range))).toEqual([false, true, true, false]);
  expect(within('26.1.0', { oldest: '24' })).toBe(true);
});

test('an engines range of another form is refused', () => {
  expect(oldestOf('>=24')).toBe('24');
  expect(() => oldestOf('^24 || ^26')).toThrow(/engines\.node: found "\^24 \|\| \^26"/);
});
