/**
 * A fixed set of artifacts, read from a store as a sweep's report reads them, gives exactly `results.json`. Whoever changes what
 * the results hold renews that file, and looks at the difference:
 *
 *     RENEW_GOLDEN=1 npx vitest run test/activities/report/golden; git diff --word-diff-regex='[^,]+' test/activities/report/golden/results.json
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { analyseSweep } from '#activities/analysis/index.ts';
import { collectSweep } from '#activities/report/collect.ts';
import { renderReport, resultsJson } from '#activities/report/index.ts';
import { tableFiles } from '#activities/report/table-files.ts';
import type { ArtifactStore } from '#infra/artifacts/store.ts';
import type { Recipe, Stage } from '#workflows/contracts/artifacts.ts';
import { parse } from '#workflows/contracts/parse.ts';
import { SweepResults } from '#workflows/contracts/report.ts';
import { ANY_FINGERPRINTS } from '../../../support/spec.ts';
import { contextForTests, s3ForTests } from '../../../support/stored-activities.ts';
import { storeSweep } from '../../../support/stored-sweep.ts';
import { numberCells, Trail, untraced } from '../page-tree.ts';
import { GOLDEN_MISSING, goldenContents, goldenSpec } from './artifacts.ts';

// The page is rendered several times, maybe on a machine that has much else to do.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const GOLDEN = new URL('./results.json', import.meta.url);

let folder: string;
let s3: Awaited<ReturnType<typeof s3ForTests>>;
let recipe: Recipe;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'golden-'));
  s3 = await s3ForTests(folder);
  recipe = await storeSweep(s3.store, { spec: goldenSpec, fingerprints: ANY_FINGERPRINTS, folder, missing: GOLDEN_MISSING, contentsOf: goldenContents });
});
afterAll(async () => {
  await s3?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Every file of the report, but the page is not written. */
async function report(store: ArtifactStore): Promise<{ results: SweepResults; json: string; page: string; tables: [string, string][] }> {
  const results = parse(SweepResults, analyseSweep(await collectSweep(store, recipe)), 'results.json');
  return { results, json: resultsJson(results), page: await renderReport(results), tables: tableFiles(results.paper) };
}

test('the artifacts give exactly the results.json that is kept', async () => {
  const { results, json } = await report(s3.store);
  if (process.env.RENEW_GOLDEN === '1') writeFileSync(GOLDEN, json);
  const golden = readFileSync(GOLDEN, 'utf8');
  // The objects first: their difference can be read.
  expect(JSON.parse(json)).toEqual(JSON.parse(golden));
  expect(json).toBe(golden);
  // The file holds something of each kind, and what is missing with its reason.
  const [setting] = results.settings;
  expect(setting!.cells.map(({ condition, status, reason, patchingReason }) => [condition, status, reason, patchingReason])).toEqual([
    ['real', 'done', null, null],
    ['limited', 'failed', 'train: out of memory <b>at step 2</b>', null],
    ['low/low', 'done', null, null],
    ['symbolic', 'done', null, 'patch: the trainer was stopped'],
  ]);
  expect(setting!.cells.flatMap(({ patching }) => (patching ? [patching.delta] : []))).toEqual([0.125]);
  expect(results.paper.tables.map(({ table }) => table)).toEqual([1, 2, 3, 4, 5, 12]);
});

test('and the same bytes again, in another order of reading, on a machine that has nothing yet', async () => {
  const once = await report(s3.store);
  const elsewhere = await contextForTests(folder, s3.endpoint);
  recipe = { ...recipe, inputs: Object.fromEntries(Object.entries(recipe.inputs).reverse()) };
  const again = await report(elsewhere.store);
  expect(again.json).toBe(once.json);
  expect(again.page).toBe(once.page);
  expect(again.tables).toEqual(once.tables);
});

test('its provenance has of each artifact the hash of its contents, which is another one where the contents are', async () => {
  const { results, page } = await report(s3.store);
  const [setting] = results.settings;
  const stages = setting!.cells.flatMap((cell) => cell.stages);
  expect(stages.length).toBeGreaterThan(10);
  for (const { stage, key, content } of stages) {
    const { files } = (await s3.store.find({ kind: stage, key }))!;
    const hash = createHash('sha256');
    for (const { name, sha256 } of files) hash.update(`${name}\0${sha256}\n`);
    expect(content).toBe(hash.digest('hex').slice(0, 32));
    expect(page).toContain(`<code>${content}</code>`);
  }
});

test('of the test split, what is quoted is kept, and no prompt', async () => {
  const { settings } = await collectSweep(s3.store, recipe);
  expect(settings[0]!.test.examples).toEqual(expect.arrayContaining([{ id: 'question-1', question: 'Who keeps the bees?', answers: ['Ben 🐝'] }]));
});

test('every number of a table leads to artifacts that are in the store, with the files that are named, and to a command', async () => {
  const { page } = await report(s3.store);
  const trail = new Trail(page);
  const cells = numberCells(trail);
  expect(cells.length).toBeGreaterThan(100);
  expect(untraced(trail)).toEqual([]);
  const named = new Map<string, Set<string>>();
  for (const { from } of cells) for (const [artifact, files] of trail.follow(from).artifacts) named.set(artifact, new Set([...(named.get(artifact) ?? []), ...files]));
  for (const [artifact, files] of named) {
    const [kind, key] = artifact.split('/') as [Stage, string];
    const manifest = await s3.store.find({ kind, key });
    expect(manifest, artifact).not.toBeNull();
    expect([...manifest!.files.map(({ name }) => name), 'manifest.json'], artifact).toEqual(expect.arrayContaining([...files]));
  }
});
