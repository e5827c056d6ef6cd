/** The quickstart as a person runs it: a real stack, the stock Temporal CLI, a real fine-tune; and what it must show. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SweepProgress, type SweepResult } from '#workflows/contracts/progress.ts';
import { SweepResults } from '#workflows/contracts/report.ts';
import { needlework } from '../support/command.ts';
import { temporaryFolder } from '../support/folders.ts';
import { needleworkUp, type RunningStack } from '../support/stack.ts';

const SPEC = 'examples/quickstart.json';
const home = temporaryFolder();
let stack: RunningStack;
let result: SweepResult;
let results: SweepResults;

beforeAll(async () => {
  stack = await needleworkUp(home);
  result = await stack.sweep('my-sweep', SPEC);
  results = SweepResults.parse(JSON.parse(readFileSync(result.report.resultsFile, 'utf8')));
}, 900_000);
afterAll(() => stack?.stop());

const setting = () => results.settings[0]!;
const cell = (condition: string) => setting().cells.find((candidate) => candidate.condition === condition)!;
const f1 = (baseline: string) => setting().baselines.find((candidate) => candidate.baseline === baseline)!.evaluation!.f1.mean;

describe('the quickstart', () => {
  it('finishes every cell and tells it by the progress query', async () => {
    expect(result).toMatchObject({ status: 'complete', failures: [], stagesReused: 0 });
    const answer = await stack.temporal('workflow', 'query', '--workflow-id', 'my-sweep', '--type', 'progress', '--output', 'json');
    const progress = SweepProgress.parse((JSON.parse(answer) as { queryResult: unknown[] }).queryResult[0]);
    expect(progress).toMatchObject({ status: 'done', counts: { waiting: 0, running: 0, blocked: 0, skipped: 0, failed: 0, done: 5 } });
  });

  it('shows that tuning on real data beats the untuned model', () => {
    const real = cell('real').evaluation!;
    expect(real.examples).toBeGreaterThanOrEqual(100);
    // Against the scaled model: what is above that is due to the tuning.
    expect(f1('untuned')).toBeLessThan(f1('untuned-scaled'));
    expect(real.f1.low).toBeGreaterThan(f1('untuned-scaled'));
  });

  it('finds retrieval heads', () => {
    for (const condition of ['real', 'low/low', 'symbolic']) expect(cell(condition).heads?.positive, condition).toBeGreaterThan(0);
    // Heads that synthetic data teaches are those that real data teaches, by and large.
    for (const condition of ['low/low', 'symbolic']) expect(cell(condition).heads!.recall, condition).toBeGreaterThan(0.5);
  });

  it('shows that the model answers with those heads: masking them breaks it, masking as many others does not', () => {
    const { unmaskedF1, sets } = cell('real').masking!;
    const k = Math.max(...sets.map((set) => set.k));
    const top = sets.find((set) => set.kind === 'top' && set.k === k)!;
    const random = sets.filter((set) => set.kind === 'random' && set.k === k);
    const randomF1 = random.reduce((sum, set) => sum + set.f1, 0) / random.length;
    expect(random.flatMap((set) => set.heads).every(([layer]) => layer > 0)).toBe(true);
    expect(top.f1).toBeLessThan(unmaskedF1 / 2);
    expect(unmaskedF1 - top.f1).toBeGreaterThan(2 * (unmaskedF1 - randomF1));
  });

  it('writes a report that opens from disk and says what it is', () => {
    const page = readFileSync(result.report.file, 'utf8');
    expect(page).toContain('no claim about the paper');
    expect(page).toMatch(/^<!doctype html>/i);
    // It loads nothing; its own scripts alone may run, and its only addresses are the cells' Temporal pages.
    expect(page).toContain(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; `);
    expect(page).not.toMatch(/<(?:script|img|iframe|link)\b[^>]*\s(?:src|href)=/);
    const hosts = new Set([...page.matchAll(/https?:\/\/([^/"]+)/g)].map(([, host]) => host));
    expect(hosts).toEqual(new Set([new URL(stack.uiUrl).host]));
  });

  it('runs no stage when it is started again', async () => {
    const again = await stack.sweep('my-sweep-again', SPEC);
    expect(again).toMatchObject({ status: 'complete', stagesRun: 0, stagesReused: result.stagesRun });
    const history = await stack.temporal('workflow', 'show', '--workflow-id', 'my-sweep-again', '--output', 'json');
    const scheduled = (JSON.parse(history) as { events: { activityTaskScheduledEventAttributes?: { activityType: { name: string } } }[] }).events.flatMap(
      ({ activityTaskScheduledEventAttributes: event }) => (event ? [event.activityType.name] : []),
    );
    expect(new Set(scheduled)).toEqual(new Set(['fingerprintInputs', 'locateStore', 'findFinished', 'publishReport']));
    expect(readFileSync(again.report.resultsFile)).toEqual(readFileSync(result.report.resultsFile));
  });

  it('gives the same report from the store alone', async () => {
    const own = new Map([result.report.file, result.report.resultsFile].map((file) => [file, readFileSync(file)]));
    const { status, output } = await needlework(['report', 'my-sweep'], { NEEDLEWORK_HOME: home });
    expect(output).toContain(`report: ${result.report.file}`);
    expect(status).toBe(0);
    for (const [file, bytes] of own) expect(readFileSync(file), file).toEqual(bytes);
    expect(readFileSync(join(home, 'reports', 'index.html'), 'utf8')).toContain('<a href="my-sweep/report.html">');
  });

  it('refuses a bad spec with field, found and allowed', async () => {
    const bad = join(home, 'bad.json');
    writeFileSync(bad, JSON.stringify({ ...JSON.parse(readFileSync(SPEC, 'utf8')), conditions: ['reel'] }));
    await expect(stack.sweep('bad', bad)).rejects.toThrow(/conditions\[0\]: found "reel", allowed: "real"/);
  });

  it('keeps its secrets to itself', async () => {
    const file = join(home, 's3-credentials.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const { accessKeyId, secretAccessKey } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
    const history = await stack.temporal('workflow', 'show', '--workflow-id', 'my-sweep', '--output', 'json');
    const texts = [history, ...filesBelow(join(home, 'logs')), ...filesBelow(join(home, 's3')), ...filesBelow(join(home, 'reports'))];
    expect(texts.length).toBeGreaterThan(20);
    for (const text of texts) expect(text.includes(secretAccessKey!) || text.includes(accessKeyId!)).toBe(false);
    for (const process of processLines()) expect(process.includes(secretAccessKey!)).toBe(false);
  });
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [readFileSync(join(entry.parentPath, entry.name), 'latin1')] : []));
}

/** Command lines of all processes, where the system shows them. */
function processLines(): string[] {
  if (!existsSync('/proc/self/cmdline')) return [];
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      return [readFileSync(`/proc/${pid}/cmdline`, 'latin1')];
    } catch {
      return []; // it ended meanwhile
    }
  });
}
