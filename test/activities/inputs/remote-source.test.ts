/** A source whose files lie behind URLs, from the spec to the source artifact, by the activities that do it. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lightActivities } from '#activities/index.ts';
import type { ActivityContext } from '#activities/stage/context.ts';
import { artifactClient } from '#infra/artifacts/client.ts';
import { CheckpointStore } from '#infra/artifacts/checkpoints.ts';
import { Documents } from '#infra/artifacts/documents.ts';
import { ArtifactStore } from '#infra/artifacts/store.ts';
import { Downloads } from '#infra/downloads/downloads.ts';
import { Hub } from '#infra/hub/hub.ts';
import { loadOrCreateCredentials, S3_REGION, startS3, type S3Server } from '#infra/servers/index.ts';
import { parseSweepSpec } from '#workflows/contracts/parse.ts';
import type { SourceFile } from '#workflows/contracts/source-file.ts';
import { planSweep } from '#workflows/plan/plan.ts';
import { CHECKOUT } from '#workers/home.ts';
import { anyPort, executable } from '../../infra/servers/support.ts';
import { type FileServer, startFileServer } from '../../support/file-server.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { smallSpec } from '../../support/spec.ts';

const BUCKET = 'needlework';
const root = temporaryFolder();
let files: FileServer;
let s3: S3Server;
let context: ActivityContext;

/** A worker's context whose downloads lie in a folder of their own. */
const onWorker = (name: string): ActivityContext => ({
  ...context,
  downloads: new Downloads({
    folder: join(root, name),
    s3: () => {
      throw new Error('no S3 in these tests');
    },
    patience: { attempts: 2, firstDelayMs: 1 },
  }),
});

beforeAll(async () => {
  const unused = new Downloads({ folder: join(root, 'unused'), s3: () => artifactClient({}) });
  files = await startFileServer();
  const credentials = loadOrCreateCredentials(join(root, 'credentials.json'));
  s3 = await startS3({ executable: executable('NEEDLEWORK_VERSITYGW'), folder: join(root, 's3'), port: await anyPort(), credentials, bucket: BUCKET, logFile: join(root, 's3.log') });
  const objects = { s3: artifactClient({ endpoint: s3.endpoint, region: S3_REGION, credentials }), bucket: BUCKET };
  context = {
    store: new ArtifactStore({ ...objects, cacheFolder: join(root, 'artifacts') }),
    documents: new Documents(objects),
    checkpoints: new CheckpointStore(objects),
    llm: { ...objects, folder: join(root, 'replies'), env: {} },
    trainer: null,
    downloads: unused,
    hub: new Hub({ downloads: unused, env: {} }),
    scratchFolder: join(root, 'scratch'),
    baseFolder: CHECKOUT,
    reportsFolder: join(root, 'reports'),
  };
});
afterAll(async () => {
  await files.stop();
  await s3.stop();
});

const sha256Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const passage = (text: string, isgold = false) => ({ title: 'T', text, isgold, hasanswer: isgold });
const rows = Array.from({ length: 40 }, (_, n) => ({ question: `who made thing ${n}`, answers: [`maker${n}x`], ctxs: [passage(`It was Maker${n}x.`, true), passage(`Other ${n}.`)] }));
const questions = gzipSync(rows.map((row) => JSON.stringify(row)).join('\n'));
const pool = Buffer.from(['One.', 'Two.'].map((text) => JSON.stringify({ title: 'P', text })).join('\n'));

let count = 0;
/** URL of a file that the server has from now on. */
function served(bytes: Buffer, name: string): string {
  count += 1;
  files.files.set(`/${count}/${name}`, { bytes });
  return files.url(`/${count}/${name}`);
}

function specOf(source: { questions: SourceFile; pool?: SourceFile }, seed = 0) {
  const [task] = smallSpec().tasks;
  return parseSweepSpec(smallSpec({ seed, tasks: [{ ...task!, source: { kind: 'nq-open', ...source } }] }));
}

/** Runs both activities as a sweep does: hashes, then source rows. */
function activities(on: ActivityContext) {
  const { fingerprintInputs, importSource } = lightActivities(on);
  const heartbeats: { phase: string; done: number; total: number; unit: string }[] = [];
  const run = <T>(work: () => Promise<T>): Promise<T> => {
    const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
    environment.on('heartbeat', (details) => heartbeats.push(details));
    return environment.run<[], T, () => Promise<T>>(work);
  };
  return {
    heartbeats,
    fingerprints: (spec: ReturnType<typeof specOf>) => run(() => fingerprintInputs(spec)),
    source: (spec: ReturnType<typeof specOf>, fingerprints: Record<string, string>) => {
      const recipe = planSweep(spec, fingerprints).cells[0]!.shared.source;
      const locations = Object.fromEntries(Object.entries(fingerprints).map(([location, sha256]) => [sha256, location]));
      return run(() => importSource({ recipe, locations }));
    },
  };
}

describe('a source behind URLs', () => {
  it('is downloaded once, under heartbeats, and gives the artifact that local files give', async () => {
    const [remoteQuestions, remotePool] = [served(questions, 'questions.jsonl.gz'), served(pool, 'pool.jsonl')];
    const spec = specOf({ questions: remoteQuestions, pool: { at: remotePool, sha256: sha256Of(pool) } });
    const { fingerprints, source, heartbeats } = activities(onWorker('one'));
    const asked = files.requests.length;
    const found = await fingerprints(spec);
    expect(found).toMatchObject({ [remoteQuestions]: sha256Of(questions), [remotePool]: sha256Of(pool) });
    expect(heartbeats).toContainEqual(expect.objectContaining({ phase: 'downloading', done: questions.length, total: questions.length, unit: 'bytes' }));
    const remote = await source(spec, found);
    expect(files.requests.length - asked).toBe(2);

    const local = (name: string, bytes: Buffer) => {
      writeFileSync(join(root, name), bytes);
      return join(root, name);
    };
    const onDisk = specOf({ questions: local('questions.jsonl.gz', questions), pool: { at: local('pool.jsonl', pool), sha256: sha256Of(pool) } });
    expect(await source(onDisk, await fingerprints(onDisk))).toEqual({ ...remote, reused: true });
    const folder = await context.store.fetch({ kind: 'source', key: remote.ref.key });
    expect(JSON.parse(await readFile(join(folder, 'counts.json'), 'utf8'))).toMatchObject({ rows: { read: rows.length }, pool: { kept: 2 } });
  });

  it('is downloaded anew by another worker, and only if it is still the same', async () => {
    const path = served(questions, 'questions.jsonl');
    const [same, changed] = [specOf({ questions: path }, 1), specOf({ questions: path }, 2)];
    const found = await activities(onWorker('two')).fingerprints(same);
    expect((await activities(onWorker('three')).source(same, found)).summary).toBeDefined();
    files.files.set(new URL(path).pathname, { bytes: Buffer.from('{}') });
    await expect(activities(onWorker('four')).source(changed, found)).rejects.toMatchObject({
      type: 'SourceError',
      nonRetryable: true,
      message: `${path}: found SHA-256 ${sha256Of(Buffer.from('{}'))} (2 bytes), allowed: ${sha256Of(questions)}, which it had when the sweep was started; start it again`,
    });
  });

  it('is refused before anything starts, by its field', async () => {
    const { fingerprints } = activities(onWorker('five'));
    const wrong = { at: served(pool, 'pool.jsonl'), sha256: 'a'.repeat(64) };
    const there = served(questions, 'questions.jsonl');
    await expect(fingerprints(specOf({ questions: there, pool: wrong }))).rejects.toMatchObject({
      type: 'SourceError',
      nonRetryable: true,
      message: `tasks[0].source.pool: ${wrong.at}: found SHA-256 ${sha256Of(pool)} (${pool.length} bytes), allowed: ${wrong.sha256}`,
    });
    const nowhere = files.url('/nowhere?version=2');
    await expect(fingerprints(specOf({ questions: nowhere }))).rejects.toMatchObject({
      type: 'SourceError',
      nonRetryable: true,
      message: `tasks[0].source.questions: ${files.url('/nowhere')}: found status 404 (Not Found), allowed: a file that can be read without credentials`,
    });
  });

  it('is tried again where the connection is lost', async () => {
    const path = served(questions, 'questions.jsonl');
    files.files.get(new URL(path).pathname)!.statuses = [503, 503];
    const { fingerprints } = activities(onWorker('six'));
    await expect(fingerprints(specOf({ questions: path }))).rejects.toMatchObject({ type: 'DownloadInterrupted', nonRetryable: false, message: expect.stringContaining('status 503') });
    expect((await fingerprints(specOf({ questions: path })))[path]).toBe(sha256Of(questions));
  });
});

describe('a local source', () => {
  it('is refused where it is missing or has another SHA-256, by its field', async () => {
    const { fingerprints } = activities(context);
    await expect(fingerprints(specOf({ questions: 'nowhere.jsonl' }))).rejects.toMatchObject({ type: 'SourceError', nonRetryable: true, message: expect.stringMatching(/^tasks\[0\]\.source\.questions: found no file at nowhere\.jsonl, allowed: a readable file/) });
    const file = join(root, 'rows.jsonl');
    writeFileSync(file, 'rows');
    await expect(fingerprints(specOf({ questions: { at: file, sha256: 'b'.repeat(64) } }))).rejects.toMatchObject({
      type: 'SourceError',
      nonRetryable: true,
      message: `tasks[0].source.questions.sha256: found ${sha256Of(Buffer.from('rows'))} for ${file}, allowed: ${'b'.repeat(64)}`,
    });
  });
});
