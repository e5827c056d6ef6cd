import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadOrCreateCredentials } from '#infra/servers/index.ts';
import { scratchFolder } from './support.ts';

test('credentials are made once, random, for their owner only', () => {
  const folder = scratchFolder();
  const file = join(folder, 'state', 's3.json');
  const first = loadOrCreateCredentials(file);
  expect(loadOrCreateCredentials(file)).toEqual(first);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(folder, 'state'))).toEqual(['s3.json']);
  expect(first.secretAccessKey).toMatch(/^[0-9a-f]{64}$/);
  expect(loadOrCreateCredentials(join(folder, 'other.json')).secretAccessKey).not.toBe(first.secretAccessKey);
});

test('a file that others may read is refused', () => {
  const file = join(scratchFolder(), 's3.json');
  const { secretAccessKey } = loadOrCreateCredentials(file);
  chmodSync(file, 0o640);
  expect(() => loadOrCreateCredentials(file)).toThrow(/mode 640, allowed is 600/);
  expect(readFileSync(file, 'utf8')).toContain(secretAccessKey);
});

test('a file without credentials is refused, and its contents are not quoted', () => {
  const file = join(scratchFolder(), 's3.json');
  writeFileSync(file, '{"accessKeyId":"A","secretAccessKey":"half-a-sec', { mode: 0o600 });
  expect(() => loadOrCreateCredentials(file)).toThrow(/does not hold S3 credentials/);
  expect(() => loadOrCreateCredentials(file)).not.toThrow(/half-a-sec/);
});
