import { expect, it } from 'vitest';
import { parseRemoteUrl, redirectTarget } from '#infra/downloads/remote-url.ts';

it.each([
  ['https://host/data/q.jsonl.gz?download=1#top', { kind: 'http', shown: 'https://host/data/q.jsonl.gz', name: 'q.jsonl.gz' }],
  ['HTTPS://Host:8443/', { kind: 'http', shown: 'https://host:8443/', name: 'file' }],
  ['http://localhost:9000/a%20b', { kind: 'http', name: 'a-20b' }],
  ['http://127.0.0.1/..hidden', { kind: 'http', name: 'hidden' }],
  ['http://[::1]:80/x', { kind: 'http', shown: 'http://[::1]/x' }],
  ['s3://bucket/folder/a b%20c.jsonl', { kind: 's3', bucket: 'bucket', key: 'folder/a b%20c.jsonl', shown: 's3://bucket/folder/a b%20c.jsonl', name: 'a-b-20c.jsonl' }],
])('knows %s', (text, expected) => {
  expect(parseRemoteUrl(text)).toMatchObject(expected);
});

it('tells URLs apart that differ in their query only', () => {
  const [one, two] = ['https://host/file?v=1', 'https://host/file?v=2'].map(parseRemoteUrl);
  expect(one!.id).not.toBe(two!.id);
});

it.each([
  ['ftp://host/file', 'found a URL of ftp://host, allowed: s3://, https:// (http:// for this machine only)'],
  ['http://host/file?token=secret', 'found a URL of http://host, allowed: s3://, https://'],
  ['http://127.0.0.1.example.com/file', 'found a URL of http://127.0.0.1.example.com, allowed'],
  ['https://user:secret@host/file', 'https://host/file: found a user or password in the URL, allowed: a URL without them'],
  ['https://', 'found an incomplete https:// URL, allowed: s3://bucket/key or https://host/path'],
  ['s3://bucket', 'found an s3:// URL without a bucket or a key, allowed: s3://bucket/key'],
  ['s3://id:secret@bucket/key', 'found an s3:// URL without a bucket or a key, allowed: s3://bucket/key'],
  ['data.jsonl', 'found no URL, allowed: s3://bucket/key or https://host/path'],
])('refuses %s, and tells no secret', (text, message) => {
  expect(() => parseRemoteUrl(text)).toThrow(message);
  expect(() => parseRemoteUrl(text)).not.toThrow(/secret/);
});

it('follows redirects to https, and to http from this machine’s own only', () => {
  const [secure, local] = [new URL('https://host/a/b'), new URL('http://localhost:1/a')];
  expect(redirectTarget(secure, '../c?x=1').href).toBe('https://host/c?x=1');
  expect(redirectTarget(local, 'https://host/a').href).toBe('https://host/a');
  expect(redirectTarget(local, '/b').href).toBe('http://localhost:1/b');
  for (const location of ['http://host/a', 'http://localhost/a', 'file:///etc/passwd']) expect(() => redirectTarget(secure, location)).toThrow(/^https:\/\/host\/a\/b: found a redirect to .*, allowed: one to https:\/\/$/);
});
