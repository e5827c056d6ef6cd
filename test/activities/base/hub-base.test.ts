/** A base model of the hub, from the spec to the base artifact, by the activity that does it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { lightActivities } from '#activities/index.ts';
import { modelShape } from '#activities/estimate/index.ts';
import { fingerprintInputs } from '#activities/inputs/fingerprint.ts';
import type { ActivityContext } from '#activities/stage/context.ts';
import type { StageProgress } from '#activities/stage/heartbeat.ts';
import { artifactClient } from '#infra/artifacts/client.ts';
import { CheckpointStore } from '#infra/artifacts/checkpoints.ts';
import { Documents } from '#infra/artifacts/documents.ts';
import { ArtifactStore } from '#infra/artifacts/store.ts';
import { Downloads } from '#infra/downloads/downloads.ts';
import { Hub } from '#infra/hub/hub.ts';
import { loadOrCreateCredentials, S3_REGION, startS3, type S3Server } from '#infra/servers/index.ts';
import type { StageResult } from '#workflows/contracts/artifacts.ts';
import { parseSweepSpec } from '#workflows/contracts/parse.ts';
import { planSweep } from '#workflows/plan/plan.ts';
import { CHECKOUT } from '#workers/home.ts';
import { anyPort, executable } from '../../infra/servers/support.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { type HubServer, sha256, startHub } from '../../support/hub.ts';
import { smallSpec } from '../../support/spec.ts';

const BUCKET = 'needlework';
const TOKEN = 'hf_secretsecretsecret';
const REVISION = '0123456789'.repeat(4);
const SHIPPED = fileURLToPath(new URL('../../../examples/models/tiny-llama', import.meta.url));
const NEEDED = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'];
const root = temporaryFolder();
let hub: HubServer;
let s3: S3Server;
let objects: { s3: ReturnType<typeof artifactClient>; bucket: string };

beforeAll(async () => {
  hub = await startHub();
  const credentials = loadOrCreateCredentials(join(root, 'credentials.json'));
  s3 = await startS3({ executable: executable('NEEDLEWORK_VERSITYGW'), folder: join(root, 's3'), port: await anyPort(), credentials, bucket: BUCKET, logFile: join(root, 's3.log') });
  objects = { s3: artifactClient({ endpoint: s3.endpoint, region: S3_REGION, credentials }), bucket: BUCKET };
  hub.publish('org/tiny', REVISION, { ...shipped(), 'pytorch_model.bin': Buffer.from('pickle'), 'modeling_evil.py': Buffer.from('raise SystemExit') }, { token: TOKEN, flaws: { 'model.safetensors': { cuts: [50_000] } } });
});
afterAll(async () => {
  await hub.stop();
  await s3.stop();
});

const shipped = () => Object.fromEntries(NEEDED.map((name) => [name, readFileSync(join(SHIPPED, name))]));

/** A worker with downloads of its own. */
function onWorker(name: string, env: NodeJS.ProcessEnv = { HF_TOKEN: TOKEN }): ActivityContext {
  const noS3 = () => {
    throw new Error('no S3 in these tests');
  };
  const downloads = new Downloads({ folder: join(root, name), s3: noS3, patience: { attempts: 6, firstDelayMs: 1 } });
  return {
    store: new ArtifactStore({ ...objects, cacheFolder: join(root, `${name}-artifacts`) }),
    llm: { ...objects, folder: join(root, 'replies'), env: {} },
    documents: new Documents(objects),
    checkpoints: new CheckpointStore(objects),
    trainer: null,
    downloads,
    hub: new Hub({ downloads, env: { HF_ENDPOINT: hub.endpoint, ...env } }),
    scratchFolder: join(root, 'scratch'),
    baseFolder: CHECKOUT,
    reportsFolder: join(root, 'reports'),
  };
}

const specOf = (id: string, revision = REVISION) => parseSweepSpec(smallSpec({ models: [{ model: 'tiny', base: { kind: 'hub', id, revision }, ropeTheta: 80_000 }] }));

/** The recipe of the base, which needs no fingerprint: nothing is asked of the hub to plan. */
function baseOf(id: string) {
  return planSweep(specOf(id), { miniature: 'world' }).cells[0]!.shared.base;
}

async function importBase(context: ActivityContext, id: string): Promise<{ result: StageResult; told: StageProgress[] }> {
  const told: StageProgress[] = [];
  const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  environment.on('heartbeat', (progress: StageProgress) => told.push(progress));
  const result = (await environment.run(lightActivities(context).importBase, { recipe: baseOf(id), locations: {} })) as StageResult;
  return { result, told };
}

it('is planned without network, known by id and revision', async () => {
  const before = hub.requests.length;
  expect(baseOf('org/tiny')).toEqual({ stage: 'base', version: 1, params: { kind: 'hub', id: 'org/tiny', revision: REVISION }, inputs: {}, seed: 0 });
  expect(Object.keys(await fingerprintInputs(onWorker('planner'), specOf('org/tiny')))).toEqual(['miniature']);
  const [model] = specOf('org/tiny').models;
  expect(await modelShape(CHECKOUT, model!, null)).toBeNull();
  expect(hub.requests).toHaveLength(before);
});

it('is of known shape before it was fetched where it is one of the paper’s', async () => {
  for (const [id, billions] of [['meta-llama/Meta-Llama-3-8B-Instruct', 8.03], ['mistralai/Mistral-7B-Instruct-v0.1', 7.24]] as const) {
    const [model] = specOf(id).models;
    const shape = await modelShape(CHECKOUT, model!, null);
    expect(shape).toMatchObject({ layers: 32, hiddenSize: 4096 });
    expect(shape!.parameters / 1e9).toBeCloseTo(billions, 2);
  }
});

it('may leave to its family how many heads and words it has', async () => {
  const files = shipped();
  const { num_attention_heads: _heads, num_key_value_heads: _groups, vocab_size: _words, ...config } = JSON.parse(files['config.json']!.toString('utf8')) as Record<string, unknown>;
  // As Gemma 3 is published: text beside images, and only what differs from the family's own.
  const { model_type, architectures, ...text } = config;
  hub.publish('org/terse', REVISION, { ...files, 'config.json': Buffer.from(JSON.stringify({ model_type, architectures, text_config: text })) });
  const { result } = await importBase(onWorker('terse'), 'org/terse');
  expect(result.summary).toMatchObject({ modelType: 'llama', layers: 4, heads: null, vocabulary: null });
});

it('becomes an artifact of the files that a model is loaded from, with progress in bytes', async () => {
  const context = onWorker('first');
  const { result, told } = await importBase(context, 'org/tiny');
  expect(result).toMatchObject({ reused: false, summary: { modelType: 'llama', layers: 4 } });
  const folder = await context.store.fetch({ kind: 'base', key: result.ref.key });
  expect(readdirSync(folder).filter((name) => name !== '.complete').sort()).toEqual([...NEEDED, 'origin.json'].sort());
  for (const [name, bytes] of Object.entries(shipped())) expect(sha256(readFileSync(join(folder, name)))).toBe(sha256(bytes));
  const total = Object.values(shipped()).reduce((sum, bytes) => sum + bytes.length, 0);
  const fetching = told.filter(({ unit }) => unit === 'bytes');
  expect(fetching.at(-1)).toMatchObject({ done: total, total, unit: 'bytes' });
  expect(fetching.some(({ done }) => done > 0 && done < total)).toBe(true);
  expect(JSON.stringify([result, told])).not.toContain(TOKEN);
  const [model] = specOf('org/tiny').models;
  expect(await modelShape(CHECKOUT, model!, result.summary)).toEqual(await modelShape(CHECKOUT, { ...model!, base: { kind: 'folder', path: SHIPPED } }, null));
  expect((await importBase(onWorker('second'), 'org/tiny')).result.reused).toBe(true);
});

it('is fetched by another worker only as far as it was not there yet', async () => {
  hub.publish('org/again', REVISION, shipped());
  const context = onWorker('third');
  const list = await context.hub.list({ id: 'org/again', revision: REVISION });
  await context.hub.fetch({ id: 'org/again', revision: REVISION }, list.find(({ path }) => path === 'model.safetensors')!);
  const before = hub.cdn.requests.length;
  expect((await importBase(context, 'org/again')).result.reused).toBe(false);
  expect(hub.cdn.requests).toHaveLength(before);
});

it('says what to do where the licence was not accepted, or there is no such model', async () => {
  hub.publish('org/gated', REVISION, shipped(), { token: TOKEN });
  await expect(importBase(onWorker('fourth', {}), 'org/gated')).rejects.toMatchObject({ type: 'HubRefused', nonRetryable: true, message: expect.stringContaining('set HF_TOKEN') });
  await expect(importBase(onWorker('fifth', { HF_TOKEN: 'hf_other' }), 'org/gated')).rejects.toMatchObject({ type: 'HubRefused', nonRetryable: true });
  await expect(importBase(onWorker('sixth'), 'org/nowhere')).rejects.toMatchObject({ type: 'HubRefused', nonRetryable: true, message: expect.stringContaining(`org/nowhere: found no such model or revision at revision ${REVISION}`) });
});

it('is refused with a branch for a revision, or an id that is a path', () => {
  expect(() => specOf('org/tiny', 'main')).toThrow(/models\[0\]\.base\.revision: found "main", allowed: must be a commit/);
  for (const id of ['tiny', '../tiny', 'org/../../x', 'org/tiny?x=1']) expect(() => specOf(id)).toThrow(/models\[0\]\.base\.id/);
});
