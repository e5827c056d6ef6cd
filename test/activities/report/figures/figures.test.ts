import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drawSheet } from '#activities/report/charts/draw.ts';
import { fitted, toPng } from '#activities/report/figures/resvg.ts';
import { figureFiles } from '#activities/report/figures/sheets.ts';
import { writeFigures } from '#activities/report/figures/write-figures.ts';
import { renderReport } from '#activities/report/index.ts';
import { PALETTE } from '#activities/report/palette.ts';
import type { SweepResults } from '#workflows/contracts/report.ts';
import { fixtureResults } from '../fixture.ts';

const one = fixtureResults();
const [setting] = one.settings;
/** The invented setting once more as another task's, whose heads count by the other score. */
const results: SweepResults = { ...one, settings: [setting!, { ...setting!, task: 'summhay', cells: setting!.cells.map((cell) => ({ ...cell, heads: cell.heads && { ...cell.heads, kind: 'insight' } })) }] };

describe('the figures as files', () => {
  let folder: string;
  const told: string[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'figures-'));
    await writeFigures(folder, one, (done, total) => told.push(`${done}/${total}`));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('are those that the page lists, each as SVG and PNG', async () => {
    const there = (await readdir(join(folder, 'figures'))).sort();
    expect(there).toEqual(['common-heads', 'cosine-f1', 'data', 'difference', 'f1', 'heads-insight', 'heads-retrieval', 'loss', 'masking', 'samples'].flatMap((what) => [`${what}-mdqa-tiny-llama.png`, `${what}-mdqa-tiny-llama.svg`]));
    const page = await renderReport(one);
    const linked = new Set(Array.from(page.matchAll(/href="figures\/([^"]*)"/g), ([, file]) => file));
    expect([...linked].sort()).toEqual(there);
    expect(told).toEqual(Array.from({ length: 10 }, (_, at) => `${at + 1}/10`));
  });

  test('stand alone: no variable of the page, nothing loaded, a name, white paper that holds all of the drawing', async () => {
    for (const name of await readdir(join(folder, 'figures'))) {
      if (!name.endsWith('.svg')) continue;
      const svg = await readFile(join(folder, 'figures', name), 'utf8');
      expect(svg).toMatch(/^<svg role="img" aria-label="[^"]{10,}" xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
      expect(svg).not.toMatch(/var\(|href=|<image|<script|<style|inherit/);
      const [, x, y, width, height] = /viewBox="(\S+) (\S+) (\S+) (\S+)"/.exec(svg)!;
      expect(svg).toContain(` width="${width}" height="${height}"`);
      expect(svg).toContain(`<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="#fff"/>`);
    }
  });

  test('are PNGs of twice as many pixels, white at the edges', async () => {
    const svg = await readFile(join(folder, 'figures', 'cosine-f1-mdqa-tiny-llama.svg'), 'utf8');
    const png = await readFile(join(folder, 'figures', 'cosine-f1-mdqa-tiny-llama.png'));
    expect(png.subarray(0, 8)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]));
    const [, width, height] = / width="(\d+)" height="(\d+)"/.exec(svg)!;
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([2 * Number(width), 2 * Number(height)]);
  });

  test('are the same bytes for the same results, whatever was drawn before', async () => {
    const { sheet } = figureFiles(one).find(({ name }) => name.startsWith('heads-retrieval'))!;
    const svg = await fitted(await drawSheet(sheet));
    expect(svg).toBe(await readFile(join(folder, 'figures', 'heads-retrieval-mdqa-tiny-llama.svg'), 'utf8'));
    expect(Buffer.from(await toPng(svg))).toEqual(await readFile(join(folder, 'figures', 'heads-retrieval-mdqa-tiny-llama.png')));
  });
});

test('each figure has the models, the scale and the key of its own', async () => {
  const { sheet } = figureFiles(one).find(({ name }) => name.startsWith('heads-retrieval'))!;
  const svg = await drawSheet(sheet);
  const texts = Array.from(svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g), ([, text]) => text);
  for (const { condition, heads } of one.settings[0]!.cells) expect(texts.some((text) => text!.endsWith(`(${heads!.positive} heads)`)), condition).toBe(true);
  expect(texts).toEqual(expect.arrayContaining(['Mean retrieval score of each head: MDQA, tiny-llama', '0', 'layer', 'head']));
  const highest = Math.max(...one.settings[0]!.cells.flatMap(({ heads }) => heads!.retrieval.flat()));
  expect(texts.some((text) => text!.endsWith(` to ${highest.toFixed(2)}`))).toBe(true);
  for (const colour of ['heat-0', 'heat-6'] as const) expect(svg).toContain(`fill="${PALETTE[colour][0]}"`);
  expect(svg.match(/<title>layer \d+, head \d+: /g)).toHaveLength(3 * 32);
});

test('figures are named after the paper’s, by task, by score and by what was tuned', () => {
  const named = (of: SweepResults) => Object.fromEntries(figureFiles(of).map(({ name, paper }) => [name, paper]));
  expect(named(results)).toMatchObject({
    'heads-retrieval-mdqa-tiny-llama': 'Figure 7',
    'heads-insight-mdqa-tiny-llama': null,
    'heads-insight-summhay-tiny-llama': 'Figure 9',
    'heads-retrieval-summhay-tiny-llama': null,
    'cosine-f1-mdqa-tiny-llama': 'Figure 4',
    'masking-mdqa-tiny-llama': 'Figure 3',
    'real-heads-tiny-llama': 'Figure 6',
    'real-masking-tiny-llama': 'Figure 3',
    'tasks-cosine-f1-tiny-llama': 'Figure 4',
  });
  const all = { ...results, spec: { ...results.spec, train: { ...results.spec.train, targetModules: 'all' as const } } };
  expect(named(all)).toMatchObject({ 'real-heads-tiny-llama': 'Figure 10', 'tasks-cosine-f1-tiny-llama': 'Figure 11' });
});

test('over the tasks of a model, real-data heads share one scale', () => {
  const { sheet } = figureFiles(results).find(({ name }) => name === 'real-heads-tiny-llama')!;
  expect(sheet.panels.map(({ title }) => title)).toEqual(['MDQA, retrieval', 'SummHay Citation, insight']);
  const domains = sheet.panels.map(({ chart }) => JSON.stringify((chart as { encoding: { color: { scale: { domain: string[] } } } }).encoding.color.scale.domain));
  expect(domains[0]).toBe(domains[1]);
});

test('a sweep in which nothing is done has no figures', () => {
  const nothing = { ...one, bases: [], settings: [{ ...setting!, baselines: [], test: { stages: [], dataset: null }, cells: setting!.cells.map((cell) => ({ ...cell, dataset: null, training: null, evaluation: null, heads: null, masking: null, patching: null })) }] };
  expect(figureFiles(nothing)).toEqual([]);
});
