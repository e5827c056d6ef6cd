import { mkdtempSync, readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reportInto } from '#activities/report/write-report.ts';
import { sweepFolder } from '#activities/sweeps/folder.ts';
import { overview } from '#activities/sweeps/overview.ts';
import { presentRecipe, type SweepStore } from '#activities/sweeps/rebuild.ts';
import { readSweep, recordReport } from '#activities/sweeps/records.ts';
import { artifactKey, refOf } from '#workflows/plan/keys.ts';
import { planSweep, unitsOf } from '#workflows/plan/plan.ts';
import { completeReport, requestedReport, rolesOf } from '#workflows/plan/report.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { fingerprintsOf, makeSweep } from '../../support/made-sweep.ts';
import { smallSpec } from '../../support/spec.ts';
import { s3ForTests } from '../../support/stored-activities.ts';

const root = temporaryFolder();
let sweeps: SweepStore;
let stop: () => Promise<void>;

beforeAll(async () => {
  const server = await s3ForTests(root);
  stop = server.stop;
  sweeps = { store: server.context.store, documents: server.context.documents };
});
afterAll(() => stop?.());

const spec = smallSpec({ conditions: ['real', 'low/low', 'symbolic'] });
const rebuild = async (name: string) => {
  const folder = await mkdtemp(join(root, 'report-'));
  const results = await reportInto(folder, sweeps.store, await presentRecipe(sweeps, await readSweep(sweeps.documents, name)));
  return { folder, results };
};

describe('a report from the store alone', { timeout: 240_000 }, () => {
  it('is that of the sweep itself where nothing is missing: the same recipe, and the same bytes each time', async () => {
    const parsed = await makeSweep(sweeps, 'whole', spec);
    const recipe = completeReport(parsed, planSweep(parsed, fingerprintsOf(parsed)));
    expect(artifactKey(await presentRecipe(sweeps, await readSweep(sweeps.documents, 'whole')))).toBe(artifactKey(recipe));
    const own = mkdtempSync(join(root, 'own-'));
    await reportInto(own, sweeps.store, recipe);
    const { folder, results } = await rebuild('whole');
    for (const file of ['results.json', 'report.html']) expect(readFileSync(join(folder, file)), file).toEqual(readFileSync(join(own, file)));
    expect(results.settings[0]!.cells.map(({ status, heads }) => [status, heads !== null])).toEqual([['done', true], ['done', true], ['done', true]]);
  });

  it('shows what there is of a sweep that still runs, and names what is not there yet', async () => {
    const started = smallSpec({ name: 'running', seed: 4, conditions: ['real', 'symbolic'] });
    await makeSweep(sweeps, 'running', started, { has: (unit, role) => unit.endsWith('/real') && role !== 'mask' });
    const { results, folder } = await rebuild('running');
    const [real, symbolic] = results.settings[0]!.cells;
    expect(real).toMatchObject({ status: 'missing', reason: 'mask: not there yet' });
    expect(real!.evaluation?.f1.mean).toBeGreaterThan(0);
    expect(symbolic).toMatchObject({ status: 'missing', evaluation: null, heads: null });
    expect(symbolic!.reason).toBe('dataset, train, evaluate, score, mask: not there yet');
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('mask: not there yet');
  });

  it('keeps the reasons that the sweep gave for what is still missing, and drops those of what is there by now', async () => {
    const partial = smallSpec({ name: 'partial', seed: 5, conditions: ['real', 'low/low', 'symbolic'] });
    const parsed = await makeSweep(sweeps, 'partial', partial, { has: (unit) => !unit.endsWith('/symbolic') });
    const whole = planSweep(parsed, fingerprintsOf(parsed));
    const symbolic = unitsOf(whole).find(({ id }) => id === 'mdqa/tiny/symbolic')!;
    const shared = new Set(unitsOf(whole).filter((unit) => unit !== symbolic).flatMap((unit) => rolesOf(unit).map(([, recipe]) => artifactKey(recipe))));
    const absent = rolesOf(symbolic).filter(([, recipe]) => !shared.has(artifactKey(recipe))).map(([role]) => role);
    // The sweep's own report, at which the low/low cell had failed as well.
    const request = { spec: parsed, fingerprints: fingerprintsOf(parsed), absent, missing: { 'mdqa/tiny/symbolic': 'out of memory', 'mdqa/tiny/low/low': 'out of memory, too' }, skipped: {} };
    const report = requestedReport(request);
    await sweeps.store.commit({ kind: 'report', key: artifactKey(report), recipe: report, summary: { settings: 1, cells: 3, cellsDone: 1 }, measurements: {}, versions: {} }, await mkdtemp(join(root, 'empty-')));
    await recordReport(sweeps.documents, 'partial', refOf(report));
    const { results } = await rebuild('partial');
    expect(results.settings[0]!.cells.map(({ status, reason }) => [status, reason])).toEqual([['done', null], ['done', null], ['failed', 'out of memory']]);
    expect((await overview(sweeps)).find(({ sweep }) => sweep === 'partial')).toMatchObject({ cells: 3, reported: 1, tasks: ['mdqa'], problem: null });
  });

  it('does not show as results what was made from inputs that are others by now', async () => {
    const name = 'outdated';
    const parsed = await makeSweep(sweeps, name, smallSpec({ name, seed: 6, conditions: ['real'], baselines: [] }), { has: (_, role) => role !== 'score' && role !== 'mask' });
    const cell = planSweep(parsed, fingerprintsOf(parsed)).cells[0]!;
    const score = cell.stages.score!;
    const old = { kind: 'train', key: artifactKey(cell.stages.train!), content: 'of another training' };
    await sweeps.store.commit({ kind: 'score', key: artifactKey(score), recipe: score, summary: {}, measurements: {}, versions: {}, madeFrom: [old] }, await mkdtemp(join(root, 'empty-')));
    const { results } = await rebuild(name);
    expect(results.settings[0]!.cells[0]).toMatchObject({ heads: null, reason: 'score: outdated (train made anew since, with other contents); mask: not there yet' });
  });

  it('is refused for a sweep that the store does not know, with the names of those that it does', async () => {
    await expect(readSweep(sweeps.documents, 'no-such')).rejects.toThrow(/sweep: found "no-such", allowed: a sweep of this store \(.*partial.*whole.*\)/);
  });

  it('leaves out of the list no sweep whose record cannot be read', async () => {
    await sweeps.documents.put('sweeps/strange/sweep', { schemaVersion: 99 });
    const strange = (await overview(sweeps)).find(({ sweep }) => sweep === 'strange')!;
    expect(strange.problem).toMatch(/schemaVersion: found 99, allowed: 1/);
  });
});

describe('the folder of a sweep', () => {
  it('is its name, where that is a good name for a folder', () => {
    expect(sweepFolder('my-sweep_2.b')).toBe('my-sweep_2.b');
  });

  it('never leads elsewhere, and is never that of another sweep', () => {
    const names = ['../../etc', '..', '.', 'a/b', 'a-b', 'a b', 'ü', 'ö', `${'x'.repeat(200)}1`, `${'x'.repeat(200)}2`];
    const folders = names.map(sweepFolder);
    for (const folder of folders) expect(folder).toMatch(/^[A-Za-z0-9][A-Za-z0-9._~-]{0,99}$/);
    expect(new Set(folders).size).toBe(names.length);
  });
});
