import { S3Client } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { analyseSweep } from '#activities/analysis/index.ts';
import { collectSweep } from '#activities/report/collect.ts';
import { settingName } from '#activities/report/format.ts';
import { methods } from '#activities/report/methods.ts';
import { ArtifactStore } from '#infra/artifacts/store.ts';
import { parseSweepSpec } from '#workflows/contracts/parse.ts';
import { SweepResults } from '#workflows/contracts/report.ts';
import { planSweep } from '#workflows/plan/plan.ts';
import { reportRecipe } from '#workflows/plan/recipes.ts';
import { smallSpec } from '../../support/spec.ts';

it('tells a failed cell from one that could only not be patched', async () => {
  const spec = parseSweepSpec(smallSpec({ conditions: ['real', 'low/low', 'symbolic'], baselines: [], patch: {} }));
  const missing = { 'mdqa/tiny/real': 'out of memory', 'mdqa/tiny/low/low: patch': 'the real cell failed before its heads were scored: out of memory' };
  // Without inputs there is nothing to read, so no server is needed.
  const store = new ArtifactStore({ s3: new S3Client({ region: 'none', endpoint: 'http://localhost:1' }), bucket: 'none', cacheFolder: 'none' });
  const { settings } = analyseSweep(await collectSweep(store, reportRecipe(spec, {}, missing)));
  expect(settings[0]!.cells.map(({ condition, status, reason, patching, patchingReason }) => ({ condition, status, reason, patching, patchingReason }))).toEqual([
    { condition: 'real', status: 'failed', reason: 'out of memory', patching: null, patchingReason: null },
    { condition: 'low/low', status: 'done', reason: null, patching: null, patchingReason: 'the real cell failed before its heads were scored: out of memory' },
    { condition: 'symbolic', status: 'done', reason: null, patching: null, patchingReason: null },
  ]);
});

it('reads a setting for each variant and seed, with the baselines that they share, and cells that cannot exist', async () => {
  const all = { variant: 'all-modules', train: { targetModules: 'all' as const } };
  const spec = parseSweepSpec(smallSpec({ tasks: [{ ...smallSpec().tasks[0]!, task: 'summhay' }], conditions: ['real', 'limited'], variants: [all], seeds: [1, 2], baselines: ['untuned'], leaveOut: [{ variant: 'all-modules', seed: 2 }] }));
  const store = new ArtifactStore({ s3: new S3Client({ region: 'none', endpoint: 'http://localhost:1' }), bucket: 'none', cacheFolder: 'none' });
  const { skipped } = planSweep(spec, { miniature: 'w', 'examples/models/tiny-llama': 'm' });
  const results = analyseSweep(await collectSweep(store, reportRecipe(spec, {}, { 'summhay/tiny/real/seed-2': 'out of memory' }, skipped)));
  expect(results.settings.map(settingName)).toEqual(['SummHay Citation, tiny, seed 1', 'SummHay Citation, tiny, seed 2', 'SummHay Citation, tiny, all-modules, seed 1']);
  expect(results.settings.map(({ baselines, cells }) => [baselines.length, ...cells.map(({ condition, status }) => `${condition}: ${status}`)])).toEqual([
    [1, 'real: done', 'limited: missing'],
    [1, 'real: failed', 'limited: missing'],
    [1, 'real: done', 'limited: missing'],
  ]);
  expect(SweepResults.parse(results)).toEqual(results);
  expect(methods(results).join(' ')).toMatch(/Variant all-modules: the same, but targetModules all\..*Data is drawn from seed 0, tuning and random heads from seed 1 and 2;/);
});
