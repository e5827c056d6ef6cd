/** Which figures a report has as files, and what is drawn in each: the page's charts, with their titles and keys. */
import { retrievalHeads } from '#activities/analysis/index.ts';
import type { HeadFindings, SettingResults, SweepResults } from '#workflows/contracts/report.ts';
import type { Sheet } from '../charts/draw.ts';
import { f1Chart } from '../charts/f1.ts';
import { differenceMap, heatmap, overlapMap } from '../charts/heatmap.ts';
import { histogram } from '../charts/histogram.ts';
import { lossChart } from '../charts/loss.ts';
import { maskingChart } from '../charts/masking.ts';
import { scatterChart } from '../charts/scatter.ts';
import { highestScore, widestDifference } from '../charts/shades.ts';
import { plural, settingName, taskName } from '../format.ts';
import { modelSlug, settingSlug } from '../names.ts';
import { datasetShapes } from '../sections/data.ts';
import { type Scored, scoredCells } from '../sections/heads.ts';
import { highestF1, maskedCells } from '../sections/masking.ts';
import { scatterCaption, scattered } from '../sections/overlap.ts';
import { f1Rows } from '../sections/performance.ts';
import { highestLoss, lossCurves, pretrainingCurves } from '../sections/training.ts';

export interface FigureFile {
  /** Without its ending: `heads-mdqa-llama-3-8b`. */
  name: string;
  sheet: Sheet;
}

type Panel = Sheet['panels'][number];

/** All figures of a sweep, by setting, then over the tasks of each model. A figure without anything in it is left out. */
export function figureFiles(results: SweepResults): FigureFile[] {
  const found = [...results.settings.flatMap((setting) => ofSetting(results, setting)), ...models(results.settings).flatMap((group) => ofModel(results, group)), ...pretraining(results)];
  return found.filter(({ sheet }) => sheet.panels.length > 0);
}

function ofSetting(results: SweepResults, setting: SettingResults): FigureFile[] {
  const name = settingName(setting);
  const file = (what: string, title: string, columns: number, panels: Panel[]): FigureFile => ({ name: `${what}-${settingSlug(setting)}`, sheet: { title: `${title}: ${name}`, columns, panels } });
  const scored = scoredCells(setting);
  const kind = scored[0]?.found.kind ?? 'retrieval';
  const masked = maskedCells(setting);
  const f1 = f1Rows(setting);
  const points = scattered(setting);
  const curves = lossCurves(setting);
  return [
    file('f1', 'F1 on the real test split, with 95 % intervals', 1, f1.length === 0 ? [] : [{ title: '', chart: f1Chart(f1) }]),
    // The kind that counts stands first (Figures 7 to 9).
    ...(kind === 'retrieval' ? (['retrieval', 'insight'] as const) : (['insight', 'retrieval'] as const)).map((each) => file(`heads-${each}`, `Mean ${each} score of each head`, 3, maps(scored, each))),
    file('difference', `Difference of ${kind} scores`, 3, pairs(scored, ({ found }, other) => differenceMap(found[kind], other.found[kind], widestDifference(scored.map((each) => each.found[kind]))), 'minus')),
    file('common-heads', `Heads with a positive ${kind} score`, 3, pairs(scored, ({ found }, other) => overlapMap(found[kind], other.found[kind]), 'and')),
    file('cosine-f1', 'Overlap of heads and F1', 1, points.length < 2 ? [] : [{ title: scatterCaption(results, setting)[0] ?? '', chart: scatterChart(points) }]),
    file('masking', 'F1 while heads are silenced', 3, masked.map(({ name: title, found }) => ({ title, chart: maskingChart(found, highestF1(masked)) }))),
    file('loss', 'Training loss', 3, curves.map(({ name: title, loss }) => ({ title, chart: lossChart(loss, highestLoss(curves)) }))),
    file('data', 'Where needles stand, and how long prompts are', 4, datasetShapes(setting).flatMap(({ name: title, split, depths, lengths }) => [
      { title: `${title}, ${split}`, chart: histogram(depths) },
      { title: '', chart: histogram(lengths) },
    ])),
  ];
}

/** What the paper shows over its tasks: real-data heads (Figures 6 and 10), masking of them (Figure 3), cosine and F1 (Figures 4 and 11). */
function ofModel(results: SweepResults, settings: readonly SettingResults[]): FigureFile[] {
  const [first] = settings;
  if (first === undefined || settings.length < 2) return [];
  const { model, variant, seed } = first;
  const name = [model, ...(variant === undefined ? [] : [variant]), ...(seed === undefined ? [] : [`seed ${seed}`])].join(', ');
  const file = (what: string, title: string, panels: Panel[]): FigureFile => ({ name: `${what}-${modelSlug(first)}`, sheet: { title: `${title}: ${name}`, columns: 3, panels } });
  const real = settings.flatMap((setting) => scoredCells(setting).filter(({ condition }) => condition === 'real').map((cell) => ({ setting, found: cell.found, matrix: cell.found[cell.found.kind] })));
  const masked = settings.flatMap((setting) => maskedCells(setting).filter(({ condition }) => condition === 'real').map((cell) => ({ ...cell, name: taskName(setting.task) })));
  return [
    file('real-heads', 'Mean score of each head of the models tuned on real data', real.map(({ setting, found, matrix }) => ({ title: `${taskName(setting.task)}, ${found.kind}`, chart: heatmap(matrix, highestScore(real.map((each) => each.matrix))) }))),
    file('real-masking', 'F1 of the models tuned on real data while heads are silenced', masked.map(({ name: title, found }) => ({ title, chart: maskingChart(found, highestF1(masked)) }))),
    file('tasks-cosine-f1', 'Overlap of heads and F1', settings.flatMap((setting) => {
      const points = scattered(setting);
      return points.length < 2 ? [] : [{ title: [taskName(setting.task), ...scatterCaption(results, setting).slice(0, 1)].join(': '), chart: scatterChart(points) }];
    })),
  ];
}

function pretraining({ bases }: SweepResults): FigureFile[] {
  const curves = pretrainingCurves(bases);
  return [{ name: 'pretraining-loss', sheet: { title: 'Pretraining loss of the base models', columns: 3, panels: curves.map(({ name: title, loss }) => ({ title, chart: lossChart(loss, highestLoss(curves)) })) } }];
}

/** Settings of one model, tuned in one way from one seed, over the sweep's tasks. */
function models(settings: readonly SettingResults[]): SettingResults[][] {
  return [...Map.groupBy(settings, modelSlug).values()];
}

function maps(scored: readonly Scored[], kind: HeadFindings['kind']): Panel[] {
  const highest = highestScore(scored.map(({ found }) => found[kind]));
  return scored.map(({ name, found }) => ({ title: `${name}: ${plural(retrievalHeads(found[kind]).length, 'head')} above zero`, chart: heatmap(found[kind], highest) }));
}

/** The real-data model, or the first one where it is not there, with each other one. */
function pairs(scored: readonly Scored[], chart: (first: Scored, other: Scored) => Panel['chart'], word: string): Panel[] {
  const first = scored.find(({ condition }) => condition === 'real') ?? scored[0];
  return first === undefined ? [] : scored.filter((other) => other !== first).map((other) => ({ title: `${first.name} ${word} ${other.name}`, chart: chart(first, other) }));
}

