/** `needlework advise` on a sweep of the store, as a person runs it: no Temporal server, nothing is run. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adviceOf } from '#activities/sweeps/advise.ts';
import { advicePage } from '#activities/report/advice-page.ts';
import { Advice } from '#workflows/contracts/advice.ts';
import { storedLinks } from '../support/stored-links.ts';
import { advise, type AdviseOptions } from '#workers/cli/advise.ts';
import { planAdvice } from '#workflows/plan/advice.ts';
import { inProcess, needlework, storeEnvironment } from '../support/command.ts';
import { temporaryFolder } from '../support/folders.ts';
import { makeSweep } from '../support/made-sweep.ts';
import { smallSpec } from '../support/spec.ts';
import { s3ForTests } from '../support/stored-activities.ts';

const root = temporaryFolder();
let server: Awaited<ReturnType<typeof s3ForTests>>;
let run: (what: string, options?: AdviseOptions) => ReturnType<typeof inProcess>;
const likeReal = (unit: string) => (unit.endsWith('/high/high') ? 1 : unit.endsWith('/low/low') ? 0.6 : 0.1);
const f1 = (unit: string) => (unit.endsWith('/high/high') ? 0.7 : unit.endsWith('/low/low') ? 0.5 : 0.3);
const conditions = ['real', 'symbolic', 'low/low', 'high/high'] as const;

beforeAll(async () => {
  server = await s3ForTests(root);
  const env = storeEnvironment(root, server.endpoint);
  run = (what, options) => inProcess(env, () => advise(what, options));
  await makeSweep(server.context, 'whole', smallSpec({ name: 'whole', conditions: [...conditions] }), { likeReal, f1 });
  await makeSweep(server.context, 'unscored', smallSpec({ name: 'unscored', seed: 8, conditions: [...conditions] }), { likeReal, f1, has: (unit, role) => !(unit.endsWith('/low/low') && role === 'score') });
  await makeSweep(server.context, 'alone', smallSpec({ name: 'alone', seed: 9, conditions: ['real'] }), { has: () => false });
  await makeSweep(server.context, 'begun', smallSpec({ name: 'begun', seed: 10 }), { has: () => false });
});
afterAll(() => server?.stop());

const read = (sweep: string) => Advice.parse(JSON.parse(readFileSync(join(root, 'home', 'reports', '_advice', sweep, 'advice.json'), 'utf8')));

describe('needlework advise', { timeout: 120_000 }, () => {
  it('ranks the conditions of a sweep by their overlap with real data, and says how well that agrees with F1', async () => {
    const { status, output } = await run('whole');
    expect(output).toMatch(/mdqa\/tiny\nRank +Training data +Recall/);
    expect(output).toMatch(/ 1 +High \/ High .* 0\.\d\d\n/);
    expect(output).toContain('Ranked by recall, 3 of 3 pairs of training data stand in the order of their F1 (guessing: half), and the first is the best in 1 of 1 setting; it gives away 0.00 of F1 on average.');
    expect(status).toBe(0);
    const advice = read('whole');
    expect(advice.rankings[0]!.candidates.map(({ name, rank }) => [name, rank])).toEqual([['high/high', 1], ['low/low', 2], ['symbolic', 3]]);
    expect(advice.rankings[0]!.candidates.every(({ f1: measured, examples, recall, cosine }) => measured !== null && examples === 20 && recall !== null && cosine !== null)).toBe(true);
    expect(advice.agreement.settings.map(({ by, alike, lost }) => [by, alike, lost])).toEqual([['recall', 1, 0], ['cosine', 1, 0]]);
    const folder = join(root, 'home', 'reports', '_advice', 'whole');
    const page = readFileSync(join(folder, 'advice.html'), 'utf8');
    expect(page).toContain('<code>npx needlework advise whole --by recall</code>');
    const reached = await storedLinks(page, server.store);
    // The candidate's, and the real model's, which was not evaluated for it.
    expect(reached('Candidates by overlap with the real-data model', 'High / High')).toEqual(['evaluate: metrics.json predictions.jsonl', 'score: examples.safetensors scores.json', 'score: examples.safetensors scores.json']);
    const again = readFileSync(join(root, 'home', 'reports', '_advice', 'whole', 'advice.html'), 'utf8');
    await run('whole');
    expect(readFileSync(join(root, 'home', 'reports', '_advice', 'whole', 'advice.html'), 'utf8')).toBe(again);
  });

  it('ranks by cosine where that is asked for, and says what is not scored', async () => {
    const { status, output } = await run('unscored', { by: 'cosine' });
    expect(output).toMatch(/– +Low \/ Low .* its heads are not scored \(sweep unscored\)/);
    expect(status).toBe(0);
    expect(read('unscored')).toMatchObject({ by: 'cosine', rankings: [{ candidates: [{ name: 'high/high', rank: 1 }, { name: 'symbolic', rank: 2 }, { name: 'low/low', rank: null }] }] });
  });

  it('says where there is nothing to rank', async () => {
    expect((await run('alone')).output).toMatch(/conditions: found \["real"\], allowed: "real" and at least one other/);
    const { status, output } = await run('begun');
    expect(output).toContain('mdqa/tiny: nothing can be ranked, since the real-data model has no scores (its heads are not scored (sweep begun)).');
    expect(status).toBe(1);
  });

  it('refuses a bad spec, a file that is not there, and another overlap', async () => {
    const file = join(root, 'bad.json');
    writeFileSync(file, JSON.stringify({ name: 'bad', task: { task: 'mdqa' }, model: smallSpec().models[0], candidates: ['reel'] }));
    expect((await run(file)).output).toMatch(/candidates\[0\]: found "reel", allowed: "limited"/);
    expect((await run(join(root, 'nowhere.json'))).output).toMatch(/found nothing that can be read, allowed: the path of an advice spec, or the name of a sweep/);
    const other = await needlework(['advise', 'whole', '--by', 'f1'], storeEnvironment(root, server.endpoint));
    expect(other.output).toContain('found "f1", allowed: recall, cosine');
    expect(other.status).toBe(1);
  });

  it('finds the F1 that another sweep measured of what the advice trained, although it evaluates nothing itself', async () => {
    const plan = planAdvice({ name: 'advice', task: smallSpec().tasks[0], model: smallSpec().models[0], candidates: ['symbolic', 'high/high'] });
    const { workflowId, given } = plan.sweeps[0]!;
    // Its trainings and scores are those of the whole sweep; only what it is asked for is noted.
    await makeSweep(server.context, workflowId, given, { has: () => false });
    const { rankings } = await adviceOf(server.context, plan);
    expect(rankings[0]!.candidates.map(({ name }) => name)).toEqual(['high/high', 'symbolic']);
    expect(rankings[0]!.candidates.map(({ f1: measured }) => measured)).toEqual(['high/high', 'symbolic'].map((name) => read('whole').rankings[0]!.candidates.find((one) => one.name === name)!.f1));
  });

  it('shows names and reasons as text that does nothing', () => {
    const advice = read('unscored');
    const hostile = '</td><script>alert(1)</script>';
    const [ranking] = advice.rankings as [Advice['rankings'][number]];
    ranking.setting = hostile;
    Object.assign(ranking.candidates[0]!, { name: hostile });
    Object.assign(ranking.candidates[2]!, { reason: hostile });
    Object.assign(advice.agreement.settings[0]!, { advised: hostile, setting: hostile });
    const page = advicePage({ ...advice, name: hostile });
    expect(page).not.toContain('<script>alert');
    expect(page).toContain('&lt;script&gt;alert(1)');
  });
});
