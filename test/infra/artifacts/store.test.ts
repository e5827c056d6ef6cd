import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { artifactClient } from '#infra/artifacts/client.ts';
import { ArtifactCorrupt, ArtifactMissing } from '#infra/artifacts/errors.ts';
import { ArtifactStore } from '#infra/artifacts/store.ts';
import { loadOrCreateCredentials, S3_REGION, startS3, type S3Server } from '#infra/servers/index.ts';
import { anyPort, executable } from '../servers/support.ts';
import { temporaryFolder } from '../../support/folders.ts';

const BUCKET = 'store-test';
let server: S3Server;
let root: string;
let s3: S3Client;

beforeAll(async () => {
  root = temporaryFolder();
  const credentials = loadOrCreateCredentials(join(root, 'credentials.json'));
  server = await startS3({ executable: executable('NEEDLEWORK_VERSITYGW'), folder: join(root, 's3'), port: await anyPort(), credentials, bucket: BUCKET, logFile: join(root, 's3.log') });
  s3 = artifactClient({ endpoint: server.endpoint, credentials, region: S3_REGION });
});
afterAll(() => server.stop());

async function store(): Promise<ArtifactStore> {
  return new ArtifactStore({ s3, bucket: BUCKET, cacheFolder: await mkdtemp(join(root, 'cache-')) });
}

async function folderWith(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(root, 'files-'));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

let count = 0;
function newArtifact() {
  count += 1;
  return { kind: 'dataset', key: count.toString(16).padStart(64, '0'), recipe: { stage: 'dataset' }, summary: { examples: 3 }, measurements: { seconds: 1.5 }, versions: { node: '24' } };
}

/** Path on disk of an artifact's file: the posix backend keeps objects as plain files. */
function onDisk(key: string, name: string): string {
  const folder = join(root, 's3', BUCKET, 'artifacts', 'dataset', key);
  const hashed = readdirSync(folder).filter((entry) => entry !== 'manifest.json').find((entry) => readdirSync(join(folder, entry)).includes(name));
  return join(folder, hashed!, name);
}

describe('ArtifactStore', () => {
  it('gives back what was committed, with manifest, and finds nothing before', async () => {
    const artifact = newArtifact();
    const maker = await store();
    expect(await maker.find(artifact)).toBeNull();
    await maker.commit(artifact, await folderWith({ 'train.jsonl': '{"a":1}\n', 'masks/top.json': '[]' }));
    const reader = await store();
    const manifest = await reader.find(artifact);
    expect(manifest).toMatchObject({ kind: 'dataset', key: artifact.key, recipe: { stage: 'dataset' }, summary: { examples: 3 } });
    expect(manifest?.files.map(({ name, bytes }) => [name, bytes])).toEqual([['masks/top.json', 2], ['train.jsonl', 8]]);
    const folder = await reader.fetch(artifact);
    expect(readFileSync(join(folder, 'train.jsonl'), 'utf8')).toBe('{"a":1}\n');
    expect(readFileSync(join(folder, 'masks', 'top.json'), 'utf8')).toBe('[]');
    expect((await reader.read(manifest!, 'train.jsonl')).toString()).toBe('{"a":1}\n');
  });

  it('keeps files that a person can open', async () => {
    const artifact = newArtifact();
    await (await store()).commit(artifact, await folderWith({ 'card.json': '{"plain":true}' }));
    expect(readFileSync(onDisk(artifact.key, 'card.json'), 'utf8')).toBe('{"plain":true}');
  });

  it('lets one of several racing makers commit, and tells the others of its artifact', async () => {
    const artifact = newArtifact();
    const makers = await Promise.all(Array.from({ length: 5 }, async (_, maker) => ({ store: await store(), folder: await folderWith({ 'who.txt': `maker ${maker}` }) })));
    const manifests = await Promise.all(makers.map((maker) => maker.store.commit(artifact, maker.folder)));
    expect(new Set(manifests.map(({ files }) => files[0]?.sha256)).size).toBe(1);
    const folder = await (await store()).fetch(artifact);
    expect(readFileSync(join(folder, 'who.txt'), 'utf8')).toMatch(/^maker \d$/);
  });

  it('notices changed, truncated and missing files, and says which', async () => {
    const damage: [string, (path: string) => void, RegExp][] = [
      ['changed', (path) => writeFileSync(path, 'other text'), /weights\.bin has 10 bytes with SHA-256 .* its manifest says 10 bytes/],
      ['truncated', (path) => writeFileSync(path, 'first'), /weights\.bin has 5 bytes/],
    ];
    for (const [, harm, message] of damage) {
      const artifact = newArtifact();
      await (await store()).commit(artifact, await folderWith({ 'weights.bin': 'first text' }));
      harm(onDisk(artifact.key, 'weights.bin'));
      const reader = await store();
      await expect(reader.fetch(artifact)).rejects.toThrow(message);
      await expect(reader.fetch(artifact)).rejects.toBeInstanceOf(ArtifactCorrupt);
      await expect(reader.read((await reader.find(artifact))!, 'weights.bin')).rejects.toBeInstanceOf(ArtifactCorrupt);
    }
  });

  it('notices a manifest that cannot be read', async () => {
    const artifact = newArtifact();
    await (await store()).commit(artifact, await folderWith({ a: 'a' }));
    writeFileSync(join(root, 's3', BUCKET, 'artifacts', 'dataset', artifact.key, 'manifest.json'), '{"schemaVersion":1,');
    await expect((await store()).find(artifact)).rejects.toThrow(/manifest\.json cannot be read/);
  });

  it('forgets a discarded artifact, local copies included, and takes a new one in its place', async () => {
    const artifact = newArtifact();
    const one = await store();
    await one.commit(artifact, await folderWith({ 'a.txt': 'damaged' }));
    await one.fetch(artifact);
    await one.discard(artifact);
    expect(await one.find(artifact)).toBeNull();
    await expect(one.fetch(artifact)).rejects.toBeInstanceOf(ArtifactMissing);
    await one.commit(artifact, await folderWith({ 'a.txt': 'sound' }));
    expect(readFileSync(join(await one.fetch(artifact), 'a.txt'), 'utf8')).toBe('sound');
  });

  it('replaces an artifact of the version that was found, once: of makers that race the first wins', async () => {
    const artifact = newArtifact();
    const maker = await store();
    await maker.commit(artifact, await folderWith({ 'train.jsonl': 'first' }));
    const before = (await maker.findVersion(artifact))!;
    const old = await maker.fetch(artifact);
    const madeFrom = [{ kind: 'source', key: 'a'.repeat(64), content: 'x' }];
    // Many, so that some are refused while the first one's manifest is on its way and the older one is still read.
    const committed = await Promise.all(['second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth', 'ninth'].map(async (text) => maker.commit({ ...artifact, forced: [text], madeFrom }, await folderWith({ 'train.jsonl': text }), before.version)));
    for (const one of committed) expect(one).toEqual(committed[0]);
    const { manifest, version } = (await maker.findVersion(artifact))!;
    expect(manifest).toEqual(committed[0]);
    expect(version).not.toBe(before.version);
    expect(manifest.madeFrom).toEqual(madeFrom);
    expect(readFileSync(join(await maker.fetch(artifact), 'train.jsonl'), 'utf8')).toBe(manifest.forced![0]);
    expect(readFileSync(join(old, 'train.jsonl'), 'utf8'), 'who reads the older one keeps it').toBe('first');
    expect((await maker.read(before.manifest, 'train.jsonl')).toString()).toBe('first');
  });

  it('does not replace what was discarded meanwhile', async () => {
    const artifact = newArtifact();
    const maker = await store();
    await maker.commit(artifact, await folderWith({ 'train.jsonl': 'first' }));
    const { version } = (await maker.findVersion(artifact))!;
    await maker.discard(artifact);
    await expect(maker.commit(artifact, await folderWith({ 'train.jsonl': 'second' }), version)).rejects.toThrow(/is being committed by another maker/);
    expect(await maker.find(artifact)).toBeNull();
  });

  it('looks many up at once, with what this machine knows as long as the store has it in that version', async () => {
    const [there, replaced, gone, missing] = [newArtifact(), newArtifact(), newArtifact(), newArtifact()];
    const maker = await store();
    const files = await folderWith({ 'train.jsonl': 'x', 'a/b.json': '{}' });
    for (const artifact of [there, replaced, gone]) await maker.commit(artifact, files);
    const reader = await store();
    const addresses = [missing, there, replaced, gone];
    // By single reads, which are fewer than a listing is worth, and by listings.
    for (const asked of [addresses, Array.from({ length: 20 }, () => addresses).flat()]) {
      const found = await reader.findMany(asked);
      expect(found.slice(0, 4).map((one) => one?.manifest.key)).toEqual([undefined, there.key, replaced.key, gone.key]);
      expect(found[1]).toEqual(await maker.findVersion(there));
    }
    const { version } = (await maker.findVersion(replaced))!;
    await maker.commit({ ...replaced, summary: { examples: 4 } }, files, version);
    await maker.discard(gone);
    const now = await reader.findMany(Array.from({ length: 20 }, () => addresses).flat());
    expect(now.slice(0, 4).map((one) => one?.manifest.summary)).toEqual([undefined, { examples: 3 }, { examples: 4 }, undefined]);
  });

  it('tells which there are although the store holds more than its listings tell', async () => {
    const made = Array.from({ length: 12 }, () => ({ ...newArtifact(), kind: 'score' }));
    const maker = await store();
    const files = await folderWith({ 'a.json': '1' });
    for (const artifact of made) await maker.commit(artifact, files);
    // 24 objects, of which a page of ten is listed.
    const asked = [...made, ...Array.from({ length: 9 }, () => ({ ...newArtifact(), kind: 'score' }))];
    const reader = new ArtifactStore({ s3, bucket: BUCKET, cacheFolder: await mkdtemp(join(root, 'cache-')), objectsPerPage: 10 });
    const found = await reader.findMany(asked);
    expect(found.map((one) => one?.manifest.key)).toEqual(asked.map(({ key }, at) => (at < made.length ? key : undefined)));
  });
});
