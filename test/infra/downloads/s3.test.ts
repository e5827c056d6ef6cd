import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { DeleteObjectCommand, type GetObjectCommandInput, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { artifactClient } from '#infra/artifacts/client.ts';
import { Downloads } from '#infra/downloads/downloads.ts';
import { s3ClientFrom } from '#infra/downloads/s3.ts';
import { type Credentials, loadOrCreateCredentials, S3_REGION, startS3, type S3Server } from '#infra/servers/index.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { anyPort, executable } from '../servers/support.ts';

const BUCKET = 'questions';
const root = temporaryFolder();
let server: S3Server;
let credentials: Credentials;
let writer: S3Client;

beforeAll(async () => {
  credentials = loadOrCreateCredentials(join(root, 'credentials.json'));
  server = await startS3({ executable: executable('NEEDLEWORK_VERSITYGW'), folder: join(root, 's3'), port: await anyPort(), credentials, bucket: BUCKET, logFile: join(root, 's3.log') });
  writer = artifactClient({ endpoint: server.endpoint, credentials, region: S3_REGION });
});
afterAll(() => server.stop());
beforeEach(() => {
  vi.stubEnv('AWS_ENDPOINT_URL_S3', server.endpoint);
  vi.stubEnv('AWS_REGION', S3_REGION);
  vi.stubEnv('AWS_ACCESS_KEY_ID', credentials.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', credentials.secretAccessKey);
});
afterEach(() => vi.unstubAllEnvs());

const put = (key: string, bytes: Buffer) => writer.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: bytes }));
const sha256Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const newFolder = () => mkdtemp(join(root, 'cache-'));

/** Downloads as a worker makes them, and the requests that its client sent. */
function downloads(folder: string) {
  const client = s3ClientFrom(process.env);
  const asked: GetObjectCommandInput[] = [];
  client.middlewareStack.add((next) => (given) => {
    asked.push(given.input as GetObjectCommandInput);
    return next(given);
  });
  return { asked, downloads: new Downloads({ folder, s3: () => client, patience: { firstDelayMs: 1, longestDelayMs: 5, attempts: 2 } }) };
}

/** A way to the server that breaks the first `times` connections after so many bytes. */
async function brittleWay(bytes: number, times: number): Promise<string> {
  const { hostname, port } = new URL(server.endpoint);
  const way = createServer((client) => {
    const there = connect(Number(port), hostname);
    client.pipe(there).on('error', () => client.destroy());
    client.on('error', () => there.destroy());
    let left = times-- > 0 ? bytes : Number.POSITIVE_INFINITY;
    there.on('data', (chunk: Buffer) => {
      client.write(chunk.subarray(0, left));
      left -= chunk.length;
      if (left <= 0) client.destroySoon();
    });
    there.on('close', () => client.destroySoon());
  });
  way.listen(0, hostname);
  await once(way, 'listening');
  onTestFinished(() => void way.close());
  return `http://${hostname}:${(way.address() as AddressInfo).port}`;
}

describe('a download from S3', () => {
  it('gives a local copy, by a client made from the environment', async () => {
    const bytes = randomBytes(3_000_000);
    await put('hotpot/dev set+1.jsonl', bytes);
    const copy = await downloads(await newFolder()).downloads.fetch(`s3://${BUCKET}/hotpot/dev set+1.jsonl`);
    expect(copy).toMatchObject({ sha256: sha256Of(bytes), bytes: bytes.length, file: expect.stringMatching(/\/dev-set-1\.jsonl$/) });
    expect(readFileSync(copy.file).equals(bytes)).toBe(true);
  });

  it('asks whether a copy is still what is there, and asks nothing where its SHA-256 is known', async () => {
    const folder = await newFolder();
    await put('pool.jsonl', Buffer.from('one'));
    const { downloads: of, asked } = downloads(folder);
    const url = `s3://${BUCKET}/pool.jsonl`;
    const first = await of.fetch(url);
    expect(await of.fetch(url)).toEqual(first);
    expect(asked[1]).toMatchObject({ IfNoneMatch: expect.stringMatching(/./) });
    await put('pool.jsonl', Buffer.from('two'));
    expect((await of.fetch(url)).sha256).toBe(sha256Of(Buffer.from('two')));
    await writer.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'pool.jsonl' }));
    expect(await of.fetch(url, { sha256: first.sha256 })).toEqual(first);
    expect(asked).toHaveLength(3);
    expect(readdirSync(join(folder, 'partial'))).toEqual([]);
  });

  it('takes up a lost connection where it broke', async () => {
    const bytes = randomBytes(1_000_000);
    await put('topics.json', bytes);
    vi.stubEnv('AWS_ENDPOINT_URL_S3', await brittleWay(300_000, 2));
    const { downloads: of, asked } = downloads(await newFolder());
    expect((await of.fetch(`s3://${BUCKET}/topics.json`)).sha256).toBe(sha256Of(bytes));
    expect(asked.map(({ Range }) => Range !== undefined)).toEqual([false, true, true]);
  });

  it('starts over where the object changed meanwhile', async () => {
    const folder = await newFolder();
    await put('changing', randomBytes(5_000_000));
    const stop = new AbortController();
    const stopEarly = { signal: stop.signal, onProgress: ({ bytes }: { bytes: number }) => void (bytes > 0 && stop.abort()) };
    await expect(downloads(folder).downloads.fetch(`s3://${BUCKET}/changing`, stopEarly)).rejects.toMatchObject({ name: 'AbortError' });
    const after = randomBytes(4_000_000);
    await put('changing', after);
    const { downloads: of, asked } = downloads(folder);
    expect((await of.fetch(`s3://${BUCKET}/changing`)).sha256).toBe(sha256Of(after));
    expect(asked.map(({ Range }) => Range !== undefined)).toEqual([true, false]);
  });

  it.each([
    [`s3://${BUCKET}/nowhere`, /^s3:\/\/questions\/nowhere: found status 404 \(NoSuchKey\), allowed: an object that the worker's AWS credentials may read$/],
    ['s3://no-such-bucket/nowhere', /^s3:\/\/no-such-bucket\/nowhere: found status 404 \(NoSuchBucket\)/],
  ])('says that there is no %s', async (url, message) => {
    const refused = downloads(await newFolder()).downloads.fetch(url);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toMatchObject({ nonRetryable: true });
  });

  it('says that credentials are wrong or missing, not which', async () => {
    await put('private', Buffer.from('rows'));
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'not-the-secret');
    await expect(downloads(await newFolder()).downloads.fetch(`s3://${BUCKET}/private`)).rejects.toThrow(/^s3:\/\/questions\/private: found status 403 \(SignatureDoesNotMatch\), allowed: an object that/);
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE']) vi.stubEnv(name, undefined);
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(root, 'none'));
    vi.stubEnv('AWS_CONFIG_FILE', join(root, 'none'));
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    const refused = downloads(await newFolder()).downloads.fetch(`s3://${BUCKET}/private`);
    await expect(refused).rejects.toThrow(/^s3:\/\/questions\/private: found no AWS credentials, allowed: AWS_ACCESS_KEY_ID/);
    await expect(refused).rejects.toMatchObject({ nonRetryable: true });
  });

  it('says that no region is known, where Amazon’s S3 needs one', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_S3', undefined);
    for (const name of ['AWS_REGION', 'AWS_PROFILE']) vi.stubEnv(name, undefined);
    vi.stubEnv('AWS_CONFIG_FILE', join(root, 'none'));
    await expect(downloads(await newFolder()).downloads.fetch(`s3://${BUCKET}/private`)).rejects.toThrow(/found no AWS region, allowed: AWS_REGION/);
  });
});
