import { createHash, randomBytes } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Downloads } from '#infra/downloads/downloads.ts';
import { DownloadInterrupted, DownloadRefused, UnexpectedBytes } from '#infra/downloads/errors.ts';
import type { Patience } from '#infra/downloads/transfer.ts';
import { type FileServer, type ServedFile, startFileServer } from '../../support/file-server.ts';
import { temporaryFolder } from '../../support/folders.ts';

const QUICK: Partial<Patience> = { firstDelayMs: 1, longestDelayMs: 5 };
/** Beyond the largest process id that Linux gives. */
const NO_PROCESS = 2 ** 30;
const root = temporaryFolder();
let server: FileServer;

beforeAll(async () => {
  server = await startFileServer();
});
afterAll(() => server.stop());

const sha256Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const newFolder = () => mkdtemp(join(root, 'cache-'));

function downloads(folder: string, patience: Partial<Patience> = {}): Downloads {
  const s3 = () => {
    throw new Error('no S3 in these tests');
  };
  return new Downloads({ folder, s3, patience: { ...QUICK, ...patience } });
}

let count = 0;
/** A file under a new path; `ask` tells the requests for it since it was served. */
function serve(bytes: Buffer, options: Omit<ServedFile, 'bytes'> = {}) {
  count += 1;
  const path = `/data/${count}/rows.jsonl.gz`;
  const file: ServedFile = { bytes, ...options };
  server.files.set(path, file);
  return { file, path, url: server.url(path), asked: () => server.requests.filter((request) => request.path.split('?')[0] === path) };
}

/** Everything below a folder, names and texts. */
function allOf(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => `${entry.name}\n${entry.isFile() ? readFileSync(join(entry.parentPath, entry.name), 'latin1') : ''}`)
    .join('\n');
}

describe('a download', () => {
  it('gives a local copy with the file’s name, its hash, and progress in bytes', async () => {
    const bytes = randomBytes(3_000_000);
    const { url } = serve(bytes);
    const told: { bytes: number; total: number | null }[] = [];
    const copy = await downloads(await newFolder()).fetch(url, { onProgress: (progress) => told.push(progress) });
    expect(copy).toMatchObject({ sha256: sha256Of(bytes), bytes: bytes.length });
    expect(copy.file.endsWith('/rows.jsonl.gz')).toBe(true);
    expect(readFileSync(copy.file).equals(bytes)).toBe(true);
    expect(told[0]).toEqual({ bytes: 0, total: bytes.length });
    expect(told.at(-1)).toEqual({ bytes: bytes.length, total: bytes.length });
    expect(told.length).toBeLessThan(10);
  });

  it('leaves nothing behind that is not whole', async () => {
    const folder = await newFolder();
    const { url } = serve(Buffer.from('rows'));
    await downloads(folder).fetch(url);
    expect(readdirSync(join(folder, 'partial'))).toEqual([]);
  });

  it('takes an empty file for what it is', async () => {
    const { url } = serve(Buffer.alloc(0));
    expect(await downloads(await newFolder()).fetch(url)).toMatchObject({ bytes: 0, sha256: sha256Of(Buffer.alloc(0)) });
  });

  it('asks for the bytes as they lie there, and undoes an encoding that comes all the same', async () => {
    const bytes = Buffer.from('{"question":"who"}\n'.repeat(100));
    const { url, asked } = serve(gzipSync(bytes), { headers: { 'content-encoding': 'gzip' } });
    expect(await downloads(await newFolder()).fetch(url)).toMatchObject({ sha256: sha256Of(bytes) });
    expect(asked()[0]!.headers['accept-encoding']).toBe('identity');
  });
});

describe('a local copy', () => {
  it('with a SHA-256 is used without asking the server, whatever the URL', async () => {
    const folder = await newFolder();
    const bytes = randomBytes(1000);
    const { url, asked } = serve(bytes);
    const first = await downloads(folder).fetch(url, { sha256: sha256Of(bytes) });
    expect(await downloads(folder).fetch(url, { sha256: sha256Of(bytes) })).toEqual(first);
    expect(await downloads(folder).fetch('https://elsewhere.invalid/other', { sha256: sha256Of(bytes) })).toEqual(first);
    expect(asked()).toHaveLength(1);
  });

  it('that was damaged is downloaded again', async () => {
    const folder = await newFolder();
    const bytes = randomBytes(1000);
    const { url, asked } = serve(bytes);
    const { file } = await downloads(folder).fetch(url, { sha256: sha256Of(bytes) });
    writeFileSync(file, 'damaged');
    const again = await downloads(folder).fetch(url, { sha256: sha256Of(bytes) });
    expect(readFileSync(again.file).equals(bytes)).toBe(true);
    expect(asked()).toHaveLength(2);
  });

  it('without a SHA-256 is used as long as the server says that the file is the same', async () => {
    const folder = await newFolder();
    const { url, file, asked } = serve(Buffer.from('one'));
    const first = await downloads(folder).fetch(url);
    expect(await downloads(folder).fetch(url)).toEqual(first);
    expect(asked()[1]!.headers['if-none-match']).toBeDefined();
    file.bytes = Buffer.from('two');
    const second = await downloads(folder).fetch(url);
    expect(readFileSync(second.file, 'utf8')).toBe('two');
    expect(readFileSync(first.file, 'utf8')).toBe('one');
    expect(asked()).toHaveLength(3);
  });

  it('serves all who ask at once', async () => {
    const one = downloads(await newFolder());
    const bytes = randomBytes(500_000);
    const { url, asked } = serve(bytes);
    const copies = await Promise.all(Array.from({ length: 5 }, () => one.fetch(url, { sha256: sha256Of(bytes) })));
    expect(new Set(copies.map(({ file }) => file)).size).toBe(1);
    expect(asked()).toHaveLength(1);
  });
});

describe('a lost connection', () => {
  it('is taken up again where it broke, as often as something came', async () => {
    const bytes = randomBytes(400_000);
    const { url, asked } = serve(bytes, { cuts: Array<number>(8).fill(40_000) });
    const copy = await downloads(await newFolder(), { attempts: 2 }).fetch(url);
    expect(copy.sha256).toBe(sha256Of(bytes));
    const starts = asked().map(({ headers }) => Number(/^bytes=(\d+)-$/.exec(headers.range ?? 'bytes=0-')![1]));
    expect(starts).toHaveLength(9);
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
    expect(starts.at(-1)).toBeGreaterThan(200_000);
    expect(asked()[1]!.headers['if-range']).toBe(`"${createHash('md5').update(bytes).digest('hex')}"`);
  });

  it('is taken up again by the next download, too', async () => {
    const folder = await newFolder();
    const bytes = randomBytes(200_000);
    const { url, asked } = serve(bytes, { cuts: [150_000, 0, 0] });
    await expect(downloads(folder, { attempts: 2 }).fetch(url)).rejects.toBeInstanceOf(DownloadInterrupted);
    expect((await downloads(folder).fetch(url)).sha256).toBe(sha256Of(bytes));
    expect(asked().at(-1)!.headers.range).toMatch(/^bytes=[1-9]/);
  });

  it('is taken up again where another process was killed, and left alone where one lives', async () => {
    const folder = await newFolder();
    const bytes = randomBytes(200_000);
    const { url, asked } = serve(bytes, { cuts: [150_000, 0] });
    await expect(downloads(folder, { attempts: 2 }).fetch(url)).rejects.toBeInstanceOf(DownloadInterrupted);
    const [own] = readdirSync(join(folder, 'partial'));
    const of = (pid: number) => join(folder, 'partial', own!.replace(`.${process.pid}`, `.${pid}`));
    cpSync(of(process.pid), of(process.ppid), { recursive: true });
    renameSync(of(process.pid), of(NO_PROCESS));
    expect((await downloads(folder).fetch(url)).sha256).toBe(sha256Of(bytes));
    expect(asked().at(-1)!.headers.range).toMatch(/^bytes=[1-9]/);
    expect(readdirSync(join(folder, 'partial'))).toEqual([basename(of(process.ppid))]);
  });

  it('starts over where the file changed meanwhile', async () => {
    const [before, after] = [Buffer.alloc(200_000, 'a'), Buffer.alloc(200_000, 'b')];
    const folder = await newFolder();
    const { url, file } = serve(before, { cuts: [100_000, 0] });
    await expect(downloads(folder, { attempts: 2 }).fetch(url)).rejects.toBeInstanceOf(DownloadInterrupted);
    file.bytes = after;
    expect((await downloads(folder).fetch(url)).sha256).toBe(sha256Of(after));
  });

  it('starts over where the server says nothing to tell versions by', async () => {
    const bytes = randomBytes(200_000);
    const { url, asked } = serve(bytes, { etag: null, cuts: [100_000] });
    expect((await downloads(await newFolder()).fetch(url)).sha256).toBe(sha256Of(bytes));
    expect(asked()[1]!.headers.range).toBeUndefined();
  });

  it('does not put two versions together, even if the server does', async () => {
    const [before, after] = [Buffer.alloc(200_000, 'a'), Buffer.alloc(200_000, 'b')];
    for (const etag of [undefined, '"the same for all"']) {
      const folder = await newFolder();
      const { url, file } = serve(before, { cuts: [100_000, 0], careless: true, ...(etag !== undefined && { etag }) });
      await expect(downloads(folder, { attempts: 2 }).fetch(url)).rejects.toBeInstanceOf(DownloadInterrupted);
      file.bytes = after;
      expect((await downloads(folder).fetch(url, { sha256: sha256Of(after) })).sha256).toBe(sha256Of(after));
    }
  });

  it('is one that stays silent', async () => {
    const bytes = randomBytes(10_000);
    const { url, asked } = serve(bytes, { stalls: 1 });
    expect((await downloads(await newFolder(), { stallMs: 300 }).fetch(url)).sha256).toBe(sha256Of(bytes));
    expect(asked()).toHaveLength(2);
  });

  it('is given up after some tries, with what is wrong', async () => {
    const { url } = serve(Buffer.from('rows'), { etag: null, stalls: 9 });
    await expect(downloads(await newFolder(), { stallMs: 50, attempts: 2 }).fetch(`${url}?part=1`)).rejects.toThrow(`${url}: interrupted after 1 bytes, 2 times without anything new: nothing came for 0.05 seconds`);
    const gone = await startFileServer();
    await gone.stop();
    await expect(downloads(await newFolder(), { attempts: 2 }).fetch(gone.url('/a'))).rejects.toThrow(/\/a: interrupted after 0 bytes, 2 times without anything new: .*ECONNREFUSED/);
  });
});

describe('a server', () => {
  it('that is busy is asked again', async () => {
    const { url, asked } = serve(Buffer.from('rows'), { statuses: [503, 429, 500] });
    expect((await downloads(await newFolder()).fetch(url)).bytes).toBe(4);
    expect(asked()).toHaveLength(4);
  });

  it.each([401, 403, 404, 410])('that refuses with status %s is not', async (status) => {
    const { url, asked } = serve(Buffer.from('rows'), { statuses: [status] });
    const refused = downloads(await newFolder()).fetch(`${url}?id=7`);
    await expect(refused).rejects.toThrow(`${url}: found status ${status} (`);
    await expect(refused).rejects.toMatchObject({ name: 'DownloadRefused', nonRetryable: true });
    expect(asked()).toHaveLength(1);
  });

  it('may send elsewhere, and the name stays that of the URL', async () => {
    const bytes = randomBytes(300_000);
    const { path, asked } = serve(bytes, { cuts: [100_000] });
    server.redirects.set('/latest/questions.jsonl', '/moved');
    server.redirects.set('/moved', `${path}?signature=secret`);
    const copy = await downloads(await newFolder()).fetch(server.url('/latest/questions.jsonl'));
    expect(copy).toMatchObject({ sha256: sha256Of(bytes), file: expect.stringMatching(/\/questions\.jsonl$/) });
    expect(asked().map(({ headers }) => headers.range !== undefined)).toEqual([false, true]);
  });

  it('may not send round in circles, or to where all can listen', async () => {
    server.redirects.set('/circle', '/circle');
    await expect(downloads(await newFolder()).fetch(server.url('/circle'))).rejects.toThrow(/\/circle: found more than 10 redirects/);
    server.redirects.set('/out', 'http://example.invalid/rows?token=secret');
    await expect(downloads(await newFolder()).fetch(server.url('/out'))).rejects.toThrow(/\/out: found a redirect to http:\/\/example\.invalid, allowed: one to https:\/\/$/);
  });
});

it('refuses a file with another SHA-256, and keeps none of it', async () => {
  const folder = await newFolder();
  const bytes = Buffer.from('other rows');
  const { url } = serve(bytes);
  const refused = downloads(folder).fetch(`${url}?v=2`, { sha256: 'a'.repeat(64) });
  await expect(refused).rejects.toThrow(new UnexpectedBytes(url, { sha256: sha256Of(bytes), bytes: 10 }, 'a'.repeat(64)).message);
  await expect(refused).rejects.toMatchObject({ nonRetryable: true });
  expect(allOf(folder)).not.toContain('other rows');
});

it('stops when it is told to, and goes on from there the next time', async () => {
  const folder = await newFolder();
  const bytes = randomBytes(2_000_000);
  const { url, file, asked } = serve(bytes, { cuts: [1_500_000] });
  const stop = new AbortController();
  const reason = new Error('the sweep was cancelled');
  const running = downloads(folder).fetch(url, {
    signal: stop.signal,
    onProgress: ({ bytes: there }) => {
      if (there > 1_000_000) stop.abort(reason);
    },
  });
  await expect(running).rejects.toBe(reason);
  file.cuts = [];
  expect((await downloads(folder).fetch(url)).sha256).toBe(sha256Of(bytes));
  expect(asked().at(-1)!.headers.range).toMatch(/^bytes=[1-9]/);
  await expect(downloads(folder).fetch(url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

it('keeps the query of a URL, which may be a signature, to itself', async () => {
  const folder = await newFolder();
  const { url, asked } = serve(Buffer.from('rows'));
  const { file } = await downloads(folder).fetch(`${url}?X-Amz-Signature=c0ffee`);
  expect(asked()[0]!.path).toContain('X-Amz-Signature=c0ffee');
  expect(file + allOf(folder)).not.toMatch(/c0ffee|Signature/);
});

it('refuses URLs that it cannot use, before anything is asked', async () => {
  await expect(downloads(await newFolder()).fetch('ftp://host/file')).rejects.toBeInstanceOf(DownloadRefused);
});
