import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { correlations } from '#activities/analysis/index.ts';
import { agreement, measuredSettings } from '#activities/analysis/agreement.ts';
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
import { has, isOf, numberCells, textOf, Trail, untraced, within } from './page-tree.ts';

const results = fixtureResults();
const page = await renderReport(results);
const [setting] = results.settings;

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

describe('a page with every kind of table', async () => {
  const conditions: Condition[] = ['real', 'limited', 'high/high', 'high/low', 'symbolic', 'low/low'];
  const one = fixtureResults({ conditions, source: 'nq-open' });
  const [base] = one.settings;
  const settings = [base!, { ...base!, task: 'musique' as const }];
  const whole = { ...one, settings, correlations: correlations(settings), advisor: agreement(measuredSettings(settings)) };
  const markup = await renderReport(whole);
  const trail = new Trail(markup);
  const artifacts = new Set([...settings.flatMap(({ cells, baselines, test }) => [...cells, ...baselines, test]), ...one.sources, ...one.bases].flatMap(({ stages }) => stages).filter(({ status }) => status === 'done').map(({ stage, key }) => `${stage}/${key}`));

  it('leads from each cell that holds a number to artifacts, and to commands that make them anew', () => {
    const cells = numberCells(trail);
    const captions = new Set(cells.map(({ name }) => name.split(' | ')[0]!));
    for (const caption of ['Ranking by head overlap', 'What each result took', 'Time per stage', 'Sibling conditions', 'Written texts', 'Datasets', 'Rank correlation', 'Highest-scoring heads', 'Pretraining loss', 'Table 5', 'F1 with heads silenced', 'F1 with the outputs of heads patched']) {
      expect([...captions].filter((each) => each.startsWith(caption)), caption).not.toEqual([]);
    }
    expect(untraced(trail)).toEqual([]);
    for (const { from } of cells) for (const artifact of trail.follow(from).artifacts.keys()) expect(artifacts).toContain(artifact);
  });

  it('finds a table that leads nowhere, or to an entry that is not there', () => {
    const row = (cell: string) => markup.replace('</main>', `<table><caption>New</caption><tbody><tr><th scope="row">Real data</th><td>${cell}</td></tr></tbody></table></main>`);
    expect(untraced(new Trail(row('0.52')))).toEqual(['New | Real data | 0.52']);
    expect(untraced(new Trail(row('<a class="from" href="#from-nowhere">0.52</a>')))).toEqual(['New | Real data | 0.52']);
    expect(untraced(new Trail(row('<a class="from" href="#from-mdqa.tiny-llama.real-f1">0.52</a>')))).toEqual([]);
    expect(untraced(new Trail(row('–')))).toEqual([]);
  });

  it('leads from each figure and each sentence of the findings to artifacts', () => {
    const figures = trail.all(({ tag }) => tag === 'figure');
    const sentences = trail.all(({ tag, parent }) => tag === 'li' && parent !== null && isOf(parent, 'findings'));
    expect([figures.length > 30, sentences.length > 15]).toEqual([true, true]);
    for (const each of [...figures, ...sentences, ...trail.all((element) => isOf(element, 'run') || isOf(element, 'nature') || element.attributes['aria-labelledby'] === 'methods')]) {
      const reached = trail.follow([each]);
      expect(reached.artifacts.size, textOf(each)).toBeGreaterThan(0);
      expect(reached.commands.size, textOf(each)).toBeGreaterThan(0);
    }
  });

  it('leads from a sentence to what its own numbers were computed from, and no other', () => {
    const files = (part: string) => {
      const sentence = trail.all(({ tag, parent }) => tag === 'li' && parent !== null && isOf(parent, 'findings')).find((each) => textOf(each).includes(part))!;
      return [...trail.follow([sentence]).artifacts].map(([artifact, names]) => `${artifact.split('/')[0]}: ${[...names].join(' ')}`).sort();
    };
    // Real and both untuned models, on one test split.
    expect(files('Tuning on real data')).toEqual(['dataset: test.jsonl', ...Array.from({ length: 3 }, () => 'evaluate: metrics.json predictions.jsonl')]);
    expect(files('Silencing the 8 highest-scoring heads')).toEqual(['dataset: test.jsonl', 'mask: masking.json', 'score: scores.json']);
    // Real data and four others; the sixth has failed.
    expect(files('those with a positive retrieval score number').filter((each) => each.startsWith('score'))).toHaveLength(5);
  });

  it('names every setting that a sentence over all of them rests on', () => {
    const [sentence] = trail.all(({ tag, parent }) => tag === 'li' && parent !== null && isOf(parent, 'findings'));
    const target = [...within(sentence!)].find(({ tag }) => tag === 'a')!.attributes.href!.slice(1);
    const entry = trail.all(({ attributes }) => attributes.id === target)[0]!;
    expect(textOf(entry)).toContain('Real data gave a higher F1 than every synthetic condition in');
    expect(textOf(entry)).toContain('mdqa/tiny-llama/real: f1, mdqa/tiny-llama/high/high: f1, mdqa/tiny-llama/high/low: f1, mdqa/tiny-llama/symbolic: f1, musique/tiny-llama/real: f1');
  });

  it('has ids that are there once', () => {
    const ids = trail.all((each) => has(each, 'id')).map(({ attributes }) => attributes.id);
    expect(new Set(ids).size).toBe(ids.length);
    const targets = trail.all((each) => isOf(each, 'from')).map(({ attributes }) => attributes.href!.slice(1));
    expect(targets.filter((target) => !ids.includes(target))).toEqual([]);
  });
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
    expect(run.force).toEqual({ label: AGAIN_LABEL, keys: new Set([artifactKey((unit.stages as Record<string, Recipe>)[stage]!)]), outside: new Set() });
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
  /** The cells of the row of that name, which leads to its artifacts. */
  const rowIn = (markup: string, name: string) => Array.from(new RegExp(`<th scope="row"><a [^>]*>${name}</a></th>(.*?)</tr>`, 's').exec(markup)![1]!.matchAll(/<td[^>]*>(.*?)<\/td>/g), ([, cell]) => cell!);

  it('has device hours, tokens, GPU hours and dollars per cell and baseline', () => {
    const table = /<caption>What each result took<\/caption>[^]*?<\/table>/.exec(page)![0];
    const rowOf = (name: string) => rowIn(table, name).map((cell) => cell.replace(/<[^>]*>/g, '|'));
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
    const rowOf = (markup: string, name: string) => rowIn(markup, name).map((cell) => cell.replace(/<[^>]*>.*$/, ''));
    const hoursOf = (stages: readonly StageFacts[]) => stages.filter(({ stage }) => stage !== 'dataset').reduce((sum, each) => sum + each.seconds!, 0) / 3600;
    const gpu = 100 * hoursOf(setting!.cells[1]!.stages);
    expect(rowOf(onGpu, 'High / High').slice(3)).toEqual(['340', '$0.02', `$${gpu.toFixed(2)}`, `$${(gpu + 0.02).toFixed(2)}`]);
    const untuned = `$${(100 * hoursOf(setting!.baselines[0]!.stages)).toFixed(2)}`;
    expect(rowOf(onGpu, 'Untuned').slice(3)).toEqual(['–', '–', untuned, untuned]);
    expect(onGpu).toContain('GPU dollars are device hours at $100 each');
    expect(rowOf(priced('cpu'), 'High / High').slice(3)).toEqual(['340', '$0.02', '$0.00', '$0.02']);
  });
});
