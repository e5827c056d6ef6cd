import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CheckpointUploads } from '#activities/train/checkpoint-uploads.ts';
import { CheckpointStore } from '#infra/artifacts/checkpoints.ts';
import { artifactClient } from '#infra/artifacts/client.ts';
import { loadOrCreateCredentials, S3_REGION, startS3, type S3Server } from '#infra/servers/index.ts';
import { anyPort, executable } from '../servers/support.ts';
import { temporaryFolder } from '../../support/folders.ts';

const BUCKET = 'checkpoint-test';
let server: S3Server;
let root: string;
let store: CheckpointStore;
/** A bucket that is not there: every request fails. */
let unreachable: CheckpointStore;

beforeAll(async () => {
  root = temporaryFolder();
  const credentials = loadOrCreateCredentials(join(root, 'credentials.json'));
  server = await startS3({ executable: executable('NEEDLEWORK_VERSITYGW'), folder: join(root, 's3'), port: await anyPort(), credentials, bucket: BUCKET, logFile: join(root, 's3.log') });
  const s3 = artifactClient({ endpoint: server.endpoint, credentials, region: S3_REGION });
  store = new CheckpointStore({ s3, bucket: BUCKET });
  unreachable = new CheckpointStore({ s3, bucket: 'nowhere' });
});
afterAll(() => server.stop());

let count = 0;
const newAddress = () => ({ kind: 'train', key: (count += 1).toString(16).padStart(64, '0') });
const newFolder = () => mkdtemp(join(root, 'files-'));
const nameOf = (step: number) => `step-${String(step).padStart(8, '0')}`;

/** A checkpoint of one step on the disk, as the trainer leaves it. */
async function made(folder: string, step: number, text = `after ${step}`): Promise<string> {
  const name = nameOf(step);
  await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, name, 'adapter.bin'), text);
  await writeFile(join(folder, name, 'steps.jsonl'), '{}\n'.repeat(step));
  return name;
}

/** Folder of a stored checkpoint: the posix backend keeps objects as plain files. */
const onDisk = ({ kind, key }: { kind: string; key: string }, name = '') => join(root, 's3', BUCKET, 'checkpoints', kind, key, name);

/** What a worker that comes later finds: the checkpoint's text, and what it was told of others. */
async function found(address: { kind: string; key: string }, from = store) {
  const into = await newFolder();
  const damaged: string[] = [];
  const name = await from.fetchNewest(address, into, (one, problem) => damaged.push(`${one}: ${problem}`));
  return { name, damaged, text: name && readFileSync(join(into, name, 'adapter.bin'), 'utf8'), left: readdirSync(into) };
}

describe('CheckpointStore', () => {
  it('gives back the newest, keeps two, and nothing of another artifact', async () => {
    const [address, other] = [newAddress(), newAddress()];
    const folder = await newFolder();
    expect(await found(address)).toMatchObject({ name: null, damaged: [], left: [] });
    for (const step of [9, 10, 100]) await store.save(address, nameOf(step), join(folder, await made(folder, step)));
    expect(await found(address)).toMatchObject({ name: nameOf(100), text: 'after 100', damaged: [] });
    expect(readdirSync(onDisk(address)).sort()).toEqual([nameOf(10), nameOf(100)]);
    expect((await found(other)).name).toBeNull();
  });

  it('passes over a damaged one, and one that is not complete', async () => {
    const address = newAddress();
    const folder = await newFolder();
    for (const step of [1, 2]) await store.save(address, nameOf(step), join(folder, await made(folder, step)));
    const hash = readdirSync(onDisk(address, nameOf(2))).find((entry) => existsSync(join(onDisk(address, nameOf(2)), entry, 'adapter.bin')));
    writeFileSync(join(onDisk(address, nameOf(2)), hash!, 'adapter.bin'), 'changed');
    const one = await found(address);
    expect(one).toMatchObject({ name: nameOf(1), text: 'after 1', left: [nameOf(1)] });
    expect(one.damaged).toEqual([expect.stringMatching(/^step-00000002: file adapter\.bin has 7 bytes with SHA-256/)]);
    // A worker that was lost in the middle of an upload: no manifest yet.
    rmSync(join(onDisk(address, nameOf(2)), 'manifest.json'));
    expect(await found(address)).toMatchObject({ name: nameOf(1), damaged: [] });
    writeFileSync(join(onDisk(address, nameOf(1)), 'manifest.json'), '{');
    expect(await found(address)).toMatchObject({ name: null, damaged: [`${nameOf(1)}: its manifest.json cannot be read`] });
  });

  it('forgets all of an artifact', async () => {
    const address = newAddress();
    const folder = await newFolder();
    await store.save(address, nameOf(1), join(folder, await made(folder, 1)));
    await store.discard(address);
    await store.discard(address);
    expect((await found(address)).name).toBeNull();
    expect(existsSync(join(onDisk(address, nameOf(1)), 'manifest.json'))).toBe(false);
  });
});

describe('CheckpointUploads', () => {
  it('stores what comes, the newest of what waits, and clears the disk', async () => {
    const address = newAddress();
    const folder = await newFolder();
    const warnings: string[] = [];
    const uploads = new CheckpointUploads(store, address, { folder, resumed: null, warn: (text) => warnings.push(text) });
    for (const step of [1, 2, 3]) uploads.add(await made(folder, step));
    await uploads.settled();
    expect(await found(address)).toMatchObject({ name: nameOf(3), text: 'after 3' });
    uploads.add(await made(folder, 4));
    await uploads.settled();
    expect(await found(address)).toMatchObject({ name: nameOf(4), text: 'after 4' });
    expect(readdirSync(folder)).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it('takes a training that began again for the newer one, whatever step the stored one is at', async () => {
    const address = newAddress();
    const folder = await newFolder();
    for (const step of [500, 501]) await store.save(address, nameOf(step), join(folder, await made(folder, step, 'of an older version')));
    const uploads = new CheckpointUploads(store, address, { folder, resumed: nameOf(501), warn: expect.unreachable });
    uploads.add(await made(folder, 1, 'begun again'));
    await uploads.settled();
    expect(await found(address)).toMatchObject({ name: nameOf(1), text: 'begun again' });
  });

  it('lets the training go on where nothing can be stored, and says so', async () => {
    const folder = await newFolder();
    const warnings: string[] = [];
    const uploads = new CheckpointUploads(unreachable, newAddress(), { folder, resumed: null, warn: (text) => warnings.push(text) });
    for (const step of [1, 2]) {
      uploads.add(await made(folder, step));
      await uploads.settled();
    }
    expect(warnings).toEqual([expect.stringContaining('step-00000001'), expect.stringContaining('step-00000002')]);
    expect(readdirSync(folder)).toEqual([]);
  });
});
