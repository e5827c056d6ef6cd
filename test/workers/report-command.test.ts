/** `needlework report` as a person runs it, on a store without a Temporal server. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publishReport } from '#activities/report/publish-report.ts';
import { reportInto } from '#activities/report/write-report.ts';
import type { ActivityContext } from '#activities/stage/context.ts';
import { presentRecipe } from '#activities/sweeps/rebuild.ts';
import { readSweep } from '#activities/sweeps/records.ts';
import { report } from '#workers/cli/report.ts';
import { SweepResults } from '#workflows/contracts/report.ts';
import { artifactKey, refOf } from '#workflows/plan/keys.ts';
import { inProcess, needlework, storeEnvironment } from '../support/command.ts';
import { temporaryFolder } from '../support/folders.ts';
import { makeSweep } from '../support/made-sweep.ts';
import { smallSpec } from '../support/spec.ts';
import { s3ForTests } from '../support/stored-activities.ts';

const HOSTILE = '</table><script>alert(1)</script>‮';
const root = temporaryFolder();
const reports = join(root, 'home', 'reports');
let server: Awaited<ReturnType<typeof s3ForTests>>;
let run: (sweep?: string, options?: { out?: string }) => ReturnType<typeof inProcess>;

beforeAll(async () => {
  server = await s3ForTests(root);
  const env = storeEnvironment(root, server.endpoint);
  run = (sweep, options) => inProcess(env, () => report(sweep, options));
  await makeSweep(server.context, 'whole', smallSpec({ name: 'whole' }));
  await makeSweep(server.context, 'running', smallSpec({ name: 'running', seed: 9, description: HOSTILE }), { has: (unit) => unit.endsWith('/real') });
});
afterAll(() => server?.stop());

describe('needlework report', { timeout: 120_000 }, () => {
  it('writes the report of what there is, and the index with a link to it', async () => {
    const { status, output } = await run('running');
    expect(output).toMatch(/Symbolic .* missing: dataset, train, evaluate, score, mask: not there yet/);
    expect(output).toContain(`report: ${join(reports, 'running', 'report.html')}`);
    expect(status).toBe(0);
    const results = SweepResults.parse(JSON.parse(readFileSync(join(reports, 'running', 'results.json'), 'utf8')));
    expect(results.settings[0]!.cells.map(({ status: of }) => of)).toEqual(['done', 'missing']);
    const index = readFileSync(join(reports, 'index.html'), 'utf8');
    expect(index).toContain('<a href="running/report.html">');
    expect(index).not.toContain('whole/report.html');
    expect(index).not.toContain('<script>alert');
    expect(index).toContain('&lt;script&gt;alert(1)&lt;/script&gt;[U+202E]');
  });

  it('writes the same bytes as the worker that published the report', async () => {
    const context = { ...server.context, reportsFolder: join(root, 'published') } as ActivityContext;
    const folder = join(root, 'made');
    mkdirSync(folder);
    const recipe = await presentRecipe(server.context, await readSweep(server.context.documents, 'whole'));
    await reportInto(folder, server.store, recipe);
    await server.store.commit({ kind: 'report', key: artifactKey(recipe), recipe, summary: { settings: 1, cells: 2, cellsDone: 2 }, measurements: {}, versions: {} }, folder);
    const { reportFile, resultsFile } = await publishReport(context, { report: refOf(recipe), sweep: 'whole' });
    expect((await run('whole')).status).toBe(0);
    // In a folder of one's own choice, too.
    expect((await run('whole', { out: join(root, 'elsewhere') })).status).toBe(0);
    expect(readFileSync(join(root, 'elsewhere', 'results.json'))).toEqual(readFileSync(resultsFile));
    for (const [file, name] of [[reportFile, 'report.html'], [resultsFile, 'results.json']] as const) expect(readFileSync(join(reports, 'whole', name))).toEqual(readFileSync(file));
    expect(readFileSync(join(root, 'published', 'index.html'), 'utf8')).toContain('<a href="whole/report.html">');
    // What the page links to lies beside it: the tables and figures as files.
    const links = Array.from(readFileSync(reportFile, 'utf8').matchAll(/href="(?!#|https?:|s3:)([^"]+)"/g), ([, link]) => link!);
    expect(links).toEqual(expect.arrayContaining(['tables/table-05.csv', 'tables/table-05.tex']));
    expect(links.filter((link) => !existsSync(join(dirname(reportFile), link)))).toEqual([]);
  });

  it('leaves nothing of an earlier report of the same sweep', async () => {
    mkdirSync(join(reports, 'whole'), { recursive: true });
    writeFileSync(join(reports, 'whole', 'table-99.csv'), 'of an earlier report');
    await run('whole');
    expect(existsSync(join(reports, 'whole', 'table-99.csv'))).toBe(false);
  });

  it('lists the sweeps of the store', async () => {
    const { status, output } = await run();
    expect(output).toMatch(/running +mdqa +tiny +2 +2 +no report yet/);
    expect(output).toMatch(/whole +mdqa +tiny +2 +2 +2/);
    expect(output).toContain(`index: ${join(reports, 'index.html')}`);
    expect(status).toBe(0);
  });

  it('refuses a sweep that the store does not know, and names those that it does', async () => {
    const { status, output } = await run('wholly');
    expect(output).toMatch(/sweep: found "wholly", allowed: a sweep of this store \(running, whole\)/);
    expect(status).toBe(1);
  });

  it('says so where there is no store', async () => {
    const { status, output } = await inProcess({ NEEDLEWORK_HOME: join(root, 'nowhere'), NEEDLEWORK_S3_BUCKET: '' }, () => report(undefined));
    expect(output).toMatch(/NEEDLEWORK_S3_BUCKET: found nothing, .* allowed: the bucket of the artifacts/);
    expect(status).toBe(1);
  });

  it('reads the store of this machine when no stack is up, by starting its S3 server alone', async () => {
    await server.stop();
    copyFileSync(join(root, 'credentials.json'), join(root, 's3-credentials.json'));
    const { status, output } = await needlework(['report', 'whole'], { NEEDLEWORK_HOME: root, NEEDLEWORK_S3_BUCKET: '' });
    expect(output).toContain(`report: ${join(root, 'reports', 'whole', 'report.html')}`);
    expect(status).toBe(0);
    expect(existsSync(join(root, 's3.pid'))).toBe(false);
  });
});
