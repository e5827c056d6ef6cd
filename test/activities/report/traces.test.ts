import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { renderReport, resultsJson } from '#activities/report/index.ts';
import { withPlaces } from '#activities/report/places.ts';
import { cost } from '#activities/report/sections/cost.ts';
import { AGAIN_LABEL, againCommand, tracesOfAll } from '#activities/report/traces.ts';
import type { Baseline, CellStage, Condition } from '#workflows/contracts/experiment.ts';
import type { Recipe } from '#workflows/contracts/artifacts.ts';
import type { StageFacts } from '#workflows/contracts/report.ts';
import { parseSweepSpec } from '#workflows/contracts/parse.ts';
import { planRun } from '#workflows/plan/filters.ts';
import { artifactKey } from '#workflows/plan/keys.ts';
import { planSweep, unitsOf } from '#workflows/plan/plan.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { ANY_FINGERPRINTS } from '../../support/spec.ts';
import { fixtureResults } from './fixture.ts';

const results = fixtureResults();
const page = await renderReport(results);
const [setting] = results.settings;

/** Links out of the cells of a part's tables. */
function cellsOf(id: string): string[] {
  const part = new RegExp(`<h2 id="${id}">[^]*?\\n</section>`).exec(page)![0];
  return Array.from(part.matchAll(/<td class="number"[^>]*>(.*?)<\/td>/gs), ([, cell]) => cell!);
}

describe('traces', () => {
  it('name the artifacts of a unit, of the real cell and of the test split', () => {
    const of = (id: string) => tracesOfAll(results).find((trace) => trace.id === id)!.origins.map(({ of: owner, stage, files }) => `${owner} ${stage}: ${files.join(' ')}`);
    const high = 'mdqa/tiny-llama/high/high';
    expect(of('from-mdqa.tiny-llama.high.high-f1')).toEqual([`${high} evaluate: metrics.json predictions.jsonl`, 'mdqa/tiny-llama: test dataset: test.jsonl']);
    expect(of('from-mdqa.tiny-llama.high.high-overlap')).toEqual([`${high} score: scores.json`, 'mdqa/tiny-llama/real score: scores.json']);
    expect(of('from-mdqa.tiny-llama.high.high-patching')).toEqual([`${high} patch: patching.json`, `${high} score: scores.json`, 'mdqa/tiny-llama/real score: scores.json', 'mdqa/tiny-llama: test dataset: test.jsonl']);
    const keys = new Set(setting!.cells.flatMap(({ stages }) => stages.map(({ key }) => key)));
    for (const { origins } of tracesOfAll(results).filter(({ unit }) => unit === high)) expect(keys.has(origins[0]!.key)).toBe(true);
    expect(tracesOfAll(results).some(({ id }) => id === 'from-mdqa.tiny-llama.real-patching')).toBe(false);
  });

  it.each(['results', 'masking', 'patching', 'paper-tables'])('are linked from every number of the tables of part %s', (id) => {
    const ids = new Set(Array.from(page.matchAll(/ id="([^"]*)"/g), ([, found]) => found));
    const numbers = cellsOf(id).filter((cell) => !/^[–\s]*(<|$)/.test(cell.replace(/<a class="from"[^>]*>/, '')) || cell.includes('<a'));
    expect(numbers.length).toBeGreaterThan(10);
    // p and n stand beside the correlation, which is the link.
    for (const cell of numbers.filter((each) => !/^(?:0?\.?\d+(?:\.\d+)?|&lt; 0\.001)$/.test(each))) {
      const target = /<a class="from" href="#([^"]+)"/.exec(cell)?.[1];
      expect(target, cell).toBeDefined();
      expect(ids.has(target), target).toBe(true);
    }
  });

  it('of a number beside the paper’s name every unit and seed behind it', () => {
    const cells = results.paper.tables.flatMap((each) => each.cells).filter(({ ours }) => ours !== null);
    expect(cells.length).toBeGreaterThan(0);
    const known = new Set(tracesOfAll(results).map(({ unit, measure }) => `${unit} ${measure}`));
    for (const { from } of cells) {
      expect(from.length).toBeGreaterThan(0);
      for (const { unit, measure } of from) expect(known).toContain(`${unit} ${measure}`);
    }
    expect(results.paper.tables.flatMap((each) => each.cells).every(({ ours, from }) => ours !== null || from.length === 0)).toBe(true);
  });
});

it('baselines, which several seeds share, have one entry, with the real cells of all of them', async () => {
  const again = { ...setting!, seed: 2, cells: setting!.cells.map((cell) => ({ ...cell, stages: cell.stages.map((facts) => ({ ...facts, key: facts.key.split('').reverse().join('') })) })) };
  const seeds = { ...results, settings: [{ ...setting!, seed: 1 }, again], paper: { ...results.paper, tables: [] }, correlations: [] };
  const difference = tracesOfAll(seeds).filter(({ id }) => id === 'from-mdqa.tiny-llama.untuned-f1MinusReal');
  expect(difference.map(({ origins }) => origins.map(({ of, stage }) => `${of} ${stage}`))).toEqual([['mdqa/tiny-llama/untuned evaluate', 'mdqa/tiny-llama/real/seed-1 evaluate', 'mdqa/tiny-llama: test dataset', 'mdqa/tiny-llama/real/seed-2 evaluate']]);
  const ids = Array.from((await renderReport(seeds)).matchAll(/ id="(from[^"]*)"/g), ([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

describe('the command that makes an artifact anew', () => {
  const folder = temporaryFolder();
  const cases: [Condition | Baseline, CellStage][] = [['high/high', 'evaluate'], ['real', 'train'], ['symbolic', 'patch'], ['untuned', 'evaluate']];

  it.each(cases)('of %s, %s, gives a spec that forces exactly this stage', async (by, stage) => {
    await writeFile(`${folder}/results.json`, resultsJson(results));
    const command = againCommand(results, setting!, by, stage);
    expect(page).toContain(command.replaceAll('"', '&quot;').replaceAll("'", '&#39;').replaceAll('>', '&gt;').replaceAll('&&', '&amp;&amp;'));
    const [before] = command.split(' > again.json');
    const { stdout } = await promisify(execFile)('bash', ['-c', before!], { cwd: folder });
    const spec = parseSweepSpec(JSON.parse(stdout));
    expect(spec.force!.label).toBe(AGAIN_LABEL);
    const run = planRun(planSweep(spec, ANY_FINGERPRINTS), spec);
    expect(unitsOf(run).map(({ id }) => id)).toContain(`mdqa/tiny-llama/${by}`);
    const unit = unitsOf(run).find(({ id }) => id === `mdqa/tiny-llama/${by}`)!;
    expect(run.force).toEqual({ label: AGAIN_LABEL, keys: new Set([artifactKey((unit.stages as Record<string, Recipe>)[stage]!)]) });
  });
});

describe('a published page', () => {
  const key = setting!.cells[0]!.stages[0]!.key;

  it('links artifacts, here by a relative path and elsewhere by their URL, and cells to the Web UI', () => {
    const here = withPlaces(page, { artifacts: '/home/x/s3/needlework/artifacts', workflows: 'http://127.0.0.1:8233/namespaces/default/workflows' }, { folder: '/home/x/reports/my sweep', sweep: 'my sweep' });
    expect(here).toContain(`<a data-artifact="dataset/${key}" href="../../s3/needlework/artifacts/dataset/${key}/">`);
    expect(here).toContain('<a data-workflow="mdqa/tiny-llama/high/high" href="http://127.0.0.1:8233/namespaces/default/workflows/my%20sweep%2Fmdqa%2Ftiny-llama%2Fhigh%2Fhigh">');
    expect(withPlaces(here, { artifacts: 's3://b/artifacts', workflows: 'http://ui' }, { folder: '/r', sweep: 's' })).toBe(withPlaces(page, { artifacts: 's3://b/artifacts', workflows: 'http://ui' }, { folder: '/r', sweep: 's' }));
    const there = withPlaces(page, { artifacts: 's3://b/artifacts', workflows: null }, { folder: '/r', sweep: 's' });
    expect(there).toContain(`<a data-artifact="dataset/${key}" href="s3://b/artifacts/dataset/${key}/">`);
    expect(there).toContain('<a data-workflow="mdqa/tiny-llama/high/high">');
  });
});

describe('time and cost', () => {
  it('has device hours, tokens, GPU hours and dollars per cell and baseline', () => {
    const table = /<caption>What each result took<\/caption>[^]*?<\/table>/.exec(page)![0];
    const rowOf = (name: string) => Array.from(new RegExp(`<th scope="row">${name}</th>(.*?)</tr>`, 's').exec(table)![1]!.matchAll(/<td[^>]*>(.*?)<\/td>/g), ([, cell]) => cell!.replace(/<[^>]*>/g, '|'));
    const seconds = setting!.cells[1]!.stages.filter(({ stage }) => stage !== 'dataset').reduce((sum, each) => sum + each.seconds!, 0);
    const [device, tokens, gpu, calls, dollars] = rowOf('High / High');
    expect(Number(device!.split('|')[0])).toBeCloseTo(seconds / 3600, 3);
    expect(tokens).toBe((270 * 941 + 120 * 943 + 30 * 940 + 16 * 60 * 943 + 5 * 120 * 943).toLocaleString('en'));
    expect(gpu).toMatch(/^(?:0\.\d+|&lt; 0\.0001)$/);
    expect([calls, dollars]).toEqual(['340', '$0.02']);
    expect(rowOf('Real data').slice(3)).toEqual(['–', '–']);
    expect(rowOf('Untuned')[1]).toBe((120 * 943).toLocaleString('en'));
  });

  it('has dollars of GPUs and all dollars together where the spec has the price of an hour', async () => {
    const priced = (device: 'cpu' | 'cuda') => cost({ ...results, spec: { ...results.spec, gpuHourDollars: 100, models: results.spec.models.map((model) => ({ ...model, device })) } })!.markup;
    const onGpu = priced('cuda');
    const rowOf = (markup: string, name: string) => Array.from(new RegExp(`<th scope="row">${name}</th>(.*?)</tr>`, 's').exec(markup)![1]!.matchAll(/<td[^>]*>(.*?)<\/td>/g), ([, cell]) => cell!.replace(/<[^>]*>.*$/, ''));
    const hoursOf = (stages: readonly StageFacts[]) => stages.filter(({ stage }) => stage !== 'dataset').reduce((sum, each) => sum + each.seconds!, 0) / 3600;
    const gpu = 100 * hoursOf(setting!.cells[1]!.stages);
    expect(rowOf(onGpu, 'High / High').slice(3)).toEqual(['340', '$0.02', `$${gpu.toFixed(2)}`, `$${(gpu + 0.02).toFixed(2)}`]);
    const untuned = `$${(100 * hoursOf(setting!.baselines[0]!.stages)).toFixed(2)}`;
    expect(rowOf(onGpu, 'Untuned').slice(3)).toEqual(['–', '–', untuned, untuned]);
    expect(onGpu).toContain('GPU dollars are device hours at $100 each');
    expect(rowOf(priced('cpu'), 'High / High').slice(3)).toEqual(['340', '$0.02', '$0.00', '$0.02']);
  });
});
