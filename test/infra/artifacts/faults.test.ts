/** The store under faults: connections that break, are late or are cut off, a server that is killed, a disk that is full. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { artifactClient } from '#infra/artifacts/client.ts';
import { ArtifactStore } from '#infra/artifacts/store.ts';
import { loadOrCreateCredentials, S3_REGION, type S3Server, startS3 } from '#infra/servers/index.ts';
import { mountDisk } from '../../chaos/disk.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { Proxy } from '../../support/proxy.ts';
import { anyPort, executable } from '../servers/support.ts';

const folder = temporaryFolder();
const credentials = loadOrCreateCredentials(join(folder, 'credentials.json'));
let port: number;
let server: S3Server;
let proxy: Proxy;
const start = () => startS3({ executable: executable('NEEDLEWORK_VERSITYGW'), folder: join(folder, 's3'), port, credentials, bucket: 'needlework', logFile: join(folder, 's3.log') });
beforeAll(async () => {
  port = await anyPort();
  server = await start();
  proxy = await Proxy.start({ host: '127.0.0.1', port });
});
afterAll(async () => {
  await proxy?.stop();
  await server?.stop();
});

/** A worker with a cache of its own, that reaches the server through the proxy. */
function worker(cacheFolder = temporaryFolder()): ArtifactStore {
  return new ArtifactStore({ s3: artifactClient({ endpoint: `http://127.0.0.1:${proxy.port}`, credentials, region: S3_REGION }), bucket: 'needlework', cacheFolder });
}

const BYTES = 6_000_000;
let count = 0;
function artifact() {
  count += 1;
  const files = temporaryFolder();
  writeFileSync(join(files, 'weights.bin'), Buffer.alloc(BYTES, count));
  return { address: { kind: 'train', key: count.toString(16).padStart(64, '0') }, files };
}
const meta = { recipe: {}, summary: {}, measurements: {}, versions: {} };
const commit = (store: ArtifactStore, { address, files }: ReturnType<typeof artifact>) => store.commit({ ...address, ...meta }, files);

/** As Temporal does with a stage that a lost connection failed. */
async function untilDone<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Error && error.name.startsWith('Artifact')) throw error;
    }
  }
}

it('takes a download that was cut off for a lost connection, not for a damaged artifact', async () => {
  const made = artifact();
  await commit(worker(), made);
  for (const bytes of [1, 100, BYTES / 2, BYTES]) {
    const reader = worker();
    proxy.cutAfter(bytes);
    const copy = await untilDone(() => reader.fetch(made.address)).finally(() => proxy.restore());
    expect(readdirSync(copy)).toContain('weights.bin');
  }
});

it('commits over connections that are reset and late, once, and nothing half', async () => {
  const made = artifact();
  const dropping = setInterval(() => {
    proxy.drop();
    proxy.restore();
    proxy.delay(20);
  }, 60);
  const until = setTimeout(() => clearInterval(dropping), 1_500);
  try {
    await untilDone(() => commit(worker(), made));
  } finally {
    clearInterval(dropping);
    clearTimeout(until);
    proxy.restore();
  }
  const copy = await worker().fetch(made.address);
  expect(readdirSync(copy)).toContain('weights.bin');
});

it('has an artifact whole or not at all where the server is killed, and takes it again', async () => {
  const store = worker();
  for (const afterMs of [5, 20, 60, 120]) {
    const made = artifact();
    const committing = commit(store, made).then(
      () => 'done',
      () => 'failed',
    );
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    process.kill(server.pid, 'SIGKILL');
    await server.stop();
    server = await start();
    const how = await committing;
    const found = await worker().find(made.address);
    if (how === 'done') expect(found).not.toBeNull();
    await untilDone(() => commit(store, made));
    expect(readdirSync(await worker().fetch(made.address))).toContain('weights.bin');
  }
});

it('keeps no half copy on a full disk, and goes on once there is room', async ({ skip }) => {
  const disk = mountDisk(join(folder, 'disk'), 16, (why) => skip(`no small disk can be mounted here: ${why}`));
  if (disk === null) return;
  try {
    const made = artifact();
    await commit(worker(), made);
    const cache = join(disk.folder, 'cache');
    mkdirSync(cache);
    expect(disk.fill()).toBeGreaterThan(0);
    await expect(worker(cache).fetch(made.address)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(readdirSync(cache, { recursive: true }).filter((name) => String(name).includes('weights.bin'))).toEqual([]);
    disk.clear();
    expect(existsSync(join(await worker(cache).fetch(made.address), 'weights.bin'))).toBe(true);
  } finally {
    disk.unmount();
  }
});
