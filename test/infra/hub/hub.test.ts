import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Downloads } from '#infra/downloads/downloads.ts';
import { UnexpectedBytes } from '#infra/downloads/errors.ts';
import { hubAccess } from '#infra/hub/access.ts';
import { HubRefused, HubUnavailable } from '#infra/hub/errors.ts';
import { Hub } from '#infra/hub/hub.ts';
import { checkIndex, modelFiles } from '#infra/hub/model-files.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { gitBlob, type HubServer, sha256, startHub } from '../../support/hub.ts';

const TOKEN = 'hf_secretsecretsecret';
const REVISION = 'a'.repeat(40);
const root = temporaryFolder();
let server: HubServer;
let count = 0;

beforeAll(async () => {
  server = await startHub();
});
afterAll(() => server.stop());

const newFolder = () => mkdtemp(join(root, 'cache-'));

function hub(folder: string, env: NodeJS.ProcessEnv = {}): Hub {
  const s3 = () => {
    throw new Error('no S3 in these tests');
  };
  return new Hub({ downloads: new Downloads({ folder, s3, patience: { firstDelayMs: 1, longestDelayMs: 5, attempts: 6 } }), env: { HF_ENDPOINT: server.endpoint, ...env } });
}

/** A model of its own, so that tests do not share copies. */
function model(files: Record<string, Buffer>, options: Parameters<HubServer['publish']>[3] = {}) {
  const id = `org/model-${(count += 1)}`;
  server.publish(id, REVISION, files, options);
  return { id, revision: REVISION };
}

const config = Buffer.from('{"model_type": "llama"}');

describe('a model on the hub', () => {
  it('is listed with what its bytes must be', async () => {
    const weights = randomBytes(500);
    const files = await hub(await newFolder()).list(model({ 'config.json': config, 'model.safetensors': weights }));
    expect(files).toEqual([
      { path: 'config.json', bytes: config.length, sha256: undefined, gitBlob: gitBlob(config) },
      { path: 'model.safetensors', bytes: 500, sha256: sha256(weights), gitBlob: gitBlob(weights) },
    ]);
  });

  it('is fetched over cut connections', async () => {
    const weights = randomBytes(300_000);
    const wanted = model({ 'model.safetensors': weights }, { flaws: { 'model.safetensors': { cuts: [1000, 1000] } } });
    const remote = hub(await newFolder());
    const [file] = await remote.list(wanted);
    expect(readFileSync((await remote.fetch(wanted, file!)).file).equals(weights)).toBe(true);
    expect(server.cdn.requests.filter(({ path }) => path.includes(sha256(weights)))).toHaveLength(3);
  });

  it('is gone on with where a fetch was ended', async () => {
    const weights = randomBytes(4_000_000);
    const wanted = model({ 'model.safetensors': weights });
    const remote = hub(await newFolder());
    const [file] = await remote.list(wanted);
    const ended = new AbortController();
    const first = remote.fetch(wanted, file!, { signal: ended.signal, onProgress: ({ bytes }) => bytes > 0 && ended.abort(new Error('enough')) });
    await expect(first).rejects.toThrow('enough');
    const told: number[] = [];
    const copy = await remote.fetch(wanted, file!, { onProgress: ({ bytes }) => told.push(bytes) });
    expect(readFileSync(copy.file).equals(weights)).toBe(true);
    const [, again] = server.cdn.requests.filter(({ path }) => path.includes(sha256(weights)));
    expect(again!.headers.range).toBe(`bytes=${told[0]}-`);
    expect(told[0]).toBeGreaterThan(0);
    expect(told.at(-1)).toBe(4_000_000);
  });

  it('shows its token to the hub alone: not to where large files lie, and not on disk', async () => {
    const weights = randomBytes(2000);
    const wanted = model({ 'config.json': config, 'model.safetensors': weights }, { token: TOKEN });
    const folder = await newFolder();
    const remote = hub(folder, { HF_TOKEN: TOKEN });
    for (const file of await remote.list(wanted)) await remote.fetch(wanted, file);
    const toHub = server.requests.filter(({ path }) => path.includes(wanted.id));
    expect(toHub).toHaveLength(3);
    expect(toHub.every(({ headers }) => headers.authorization === `Bearer ${TOKEN}`)).toBe(true);
    const toCdn = server.cdn.requests.filter(({ path }) => path.includes(sha256(weights)));
    expect(toCdn).toHaveLength(1);
    expect(JSON.stringify(toCdn)).not.toContain(TOKEN);
    expect(toCdn[0]!.headers.authorization).toBeUndefined();
    const written = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(written.length).toBeGreaterThan(1);
    for (const { parentPath, name } of written) expect(readFileSync(join(parentPath, name), 'latin1')).not.toContain(TOKEN);
  });
});

describe('what cannot be had', () => {
  const refusal = async (work: Promise<unknown>) => {
    const error = await work.then(() => null, (reason: unknown) => reason);
    expect(error).toBeInstanceOf(HubRefused);
    expect((error as HubRefused).message).not.toContain(TOKEN);
    return error as HubRefused;
  };

  it('a gated model says that its licence must be accepted and the token be set', async () => {
    const wanted = model({ 'config.json': config }, { token: TOKEN });
    const open = hub(await newFolder());
    const [file] = await open.list(wanted);
    expect(await refusal(open.fetch(wanted, file!))).toMatchObject({ message: expect.stringMatching(/config\.json of org\/model-\d+: found status 401 .*accept the model's licence .*set HF_TOKEN/), nonRetryable: true });
    const other = hub(await newFolder(), { HF_TOKEN: `${TOKEN}x` });
    expect((await refusal(other.fetch(wanted, file!))).message).toMatch(/found status 403 .*HF_TOKEN does not open it.*accepted the model's licence/);
  });

  it('a model or a revision that is not there is named', async () => {
    const error = await refusal(hub(await newFolder()).list({ id: 'org/nowhere', revision: 'b'.repeat(40) }));
    expect(error.message).toContain(`org/nowhere: found no such model or revision at revision ${'b'.repeat(40)}`);
  });

  it('a busy hub is asked again later', async () => {
    const wanted = model({ 'config.json': config });
    server.statuses.push(503);
    const remote = hub(await newFolder());
    await expect(remote.list(wanted)).rejects.toBeInstanceOf(HubUnavailable);
    expect(await remote.list(wanted)).toHaveLength(1);
  });

  it('other bytes than those listed are refused, large and small', async () => {
    const weights = randomBytes(1000);
    const wanted = model({ 'model.safetensors': weights }, { flaws: { 'model.safetensors': { sent: randomBytes(1000) } } });
    const remote = hub(await newFolder());
    const [large] = await remote.list(wanted);
    await expect(remote.fetch(wanted, large!)).rejects.toBeInstanceOf(UnexpectedBytes);
    const small = model({ 'config.json': config });
    const [listed] = await remote.list(small);
    await expect(remote.fetch(small, { ...listed!, gitBlob: gitBlob(Buffer.from('{}')) })).rejects.toBeInstanceOf(UnexpectedBytes);
    expect(await remote.fetch(small, listed!)).toMatchObject({ bytes: config.length });
  });

  it('an endpoint or token that would be unsafe to use is refused, and the token not shown', () => {
    expect(() => hubAccess({ HF_ENDPOINT: 'http://hub.example.org' })).toThrow(/http:\/\/hub\.example\.org/);
    expect(() => hubAccess({ HF_ENDPOINT: 'hub' })).toThrow('HF_ENDPOINT');
    expect(() => hubAccess({ HF_TOKEN: `${TOKEN}\nX-Other: 1` })).toThrow(/^HF_TOKEN: found characters that no token has/);
    expect(hubAccess({ HF_TOKEN: `${TOKEN}\n` })).toEqual({ endpoint: 'https://huggingface.co', authorization: `Bearer ${TOKEN}` });
  });
});

describe('of a repository', () => {
  const listed = (...paths: string[]) => paths.map((path) => ({ path, bytes: 1, sha256: undefined, gitBlob: '' }));

  it('only what a model is loaded from is fetched: no pickles, no code, no weights twice', () => {
    const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
    const all = listed('README.md', 'config.json', 'consolidated.safetensors', 'generation_config.json', 'modeling_evil.py', 'pytorch_model.bin', 'model.safetensors.index.json', ...shards, 'original/params.json', 'tokenizer.json', 'tokenizer.model', 'tokenizer_config.json', 'chat_template.jinja');
    expect(modelFiles(all, 'org/m').map(({ path }) => path)).toEqual(['config.json', 'tokenizer.json', 'generation_config.json', 'tokenizer_config.json', 'chat_template.jinja', 'model.safetensors.index.json', ...shards]);
  });

  it('shards are fetched under either of the names that transformers gave them', () => {
    const shards = ['model.safetensors-00001-of-00002.safetensors', 'model.safetensors-00002-of-00002.safetensors'];
    expect(modelFiles(listed('config.json', 'tokenizer.json', 'model.safetensors.index.json', ...shards), 'org/m').map(({ path }) => path).slice(-2)).toEqual(shards);
  });

  it('what is missing is named, with what is there instead', () => {
    expect(() => modelFiles(listed('config.json', 'pytorch_model.bin', 'tokenizer.model'), 'org/m')).toThrow('org/m: found no tokenizer.json, model.safetensors (it has pytorch_model.bin, tokenizer.model), allowed');
    expect(() => modelFiles(listed('config.json', 'tokenizer.json', 'model.safetensors.index.json'), 'org/m')).toThrow('found no model-….safetensors');
  });

  it('a shard that the index names must be there', () => {
    const there = listed('model-00001-of-00002.safetensors');
    expect(() => checkIndex('{"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}', there, 'org/m')).toThrow('names model-00002-of-00002.safetensors');
    expect(() => checkIndex('[]', there, 'org/m')).toThrow('no weight_map');
  });
});
