/** Which figures a report has as files, and what is drawn in each: the page's charts, with their titles and keys. */
import { retrievalHeads } from '#activities/analysis/index.ts';
import type { HeadFindings, SettingResults, SweepResults } from '#workflows/contracts/report.ts';
import type { Sheet } from '../charts/draw.ts';
import { f1Chart } from '../charts/f1.ts';
import { differenceMap, heatmap, overlapMap } from '../charts/heatmap.ts';
import { histogram } from '../charts/histogram.ts';
import { lossChart } from '../charts/loss.ts';
import { maskingChart } from '../charts/masking.ts';
import { promptChart } from '../charts/prompt.ts';
import { scatterChart } from '../charts/scatter.ts';
import { highestScore, widestDifference } from '../charts/shades.ts';
import { modelName, plural, settingName, taskName } from '../format.ts';
import { measuredOf } from '../finding.ts';
import { modelSlug } from '../names.ts';
import { promptPieces } from '../prompt.ts';
import { datasetShapes, firstSamples } from '../sections/data.ts';
import { type Scored, scoredCells } from '../sections/heads.ts';
import { highestF1, maskedCells } from '../sections/masking.ts';
import { scatterCaption, scattered } from '../sections/overlap.ts';
import { f1Rows } from '../sections/performance.ts';
import { type Curve, highestLoss, lossCurves, PRETRAINING, pretrainingCurves } from '../sections/training.ts';
import { correlationEntry, type EntryLink, measured } from '../traces.ts';
import { modelFigure, type ModelFigure, settingFigure, type SettingFigure } from './names.ts';

export interface FigureFile {
  /** Without its ending: `heads-retrieval-mdqa-llama-3-8b`. */
  name: string;
  /** The paper's figure that shows the same of its models; null where it has none. */
  paper: string | null;
  /** Entries of what it was drawn from. */
  from: readonly EntryLink[];
  sheet: Sheet;
}

/** Room beside a scatter's labels. */
const LABELLED = 150;
/** The paper's figures of each task's heads, by the score that counts there. */
const HEADS_IN_PAPER: Readonly<Partial<Record<`${SettingResults['task']} ${HeadFindings['kind']}`, string>>> = { 'mdqa retrieval': 'Figure 7', 'musique retrieval': 'Figure 8', 'summhay insight': 'Figure 9' };

type Panel = Sheet['panels'][number];
type Draft = Omit<Sheet, 'panels'> & { panels: Panel[]; paper?: string | undefined; from: readonly EntryLink[] };

/** All figures of a sweep, by setting, then over the tasks of each model. A figure without anything in it is left out. */
export function figureFiles(results: SweepResults): FigureFile[] {
  const found = [...results.settings.flatMap((setting) => ofSetting(results, setting)), ...models(results.settings).flatMap((group) => ofModel(results, group)), ...pretraining(results)];
  return found.filter(({ sheet }) => sheet.panels.length > 0);
}

function ofSetting(results: SweepResults, setting: SettingResults): FigureFile[] {
  const file = (what: SettingFigure, { paper, title, from, ...sheet }: Draft): FigureFile => ({ name: settingFigure(what, setting), paper: paper ?? null, from, sheet: { ...sheet, title: `${title}: ${settingName(setting)}` } });
  const scored = scoredCells(setting);
  const kind = scored[0]?.found.kind ?? 'retrieval';
  const widest = widestDifference(scored.map(({ found }) => found[kind]));
  const masked = maskedCells(setting);
  const f1 = f1Rows(setting);
  const points = scattered(setting);
  const curves = lossCurves(setting);
  const heads = measuredOf(setting, scored.map(({ condition }) => condition), 'heads');
  // The kind that counts stands first.
  const kinds = kind === 'retrieval' ? (['retrieval', 'insight'] as const) : (['insight', 'retrieval'] as const);
  return [
    file('f1', { title: 'F1 on the real test split, with 95 % intervals', columns: 1, from: measuredOf(setting, f1.map(({ by }) => by), 'f1'), panels: f1.length === 0 ? [] : [{ title: '', chart: f1Chart(f1) }] }),
    ...kinds.map((each) => file(`heads-${each}`, { title: `Mean ${each} score of each head`, columns: 3, from: heads, paper: HEADS_IN_PAPER[`${setting.task} ${each}`], panels: maps(scored, each) })),
    file('difference', { title: `Difference of ${kind} scores`, columns: 3, from: heads, panels: pairs(scored, 'minus', ({ found }, other) => differenceMap(found[kind], other.found[kind], widest)) }),
    file('common-heads', { title: `Heads with a positive ${kind} score`, columns: 3, from: heads, panels: pairs(scored, 'and', ({ found }, other) => overlapMap(found[kind], other.found[kind])) }),
    file('cosine-f1', { title: 'Overlap of heads and F1', columns: 1, from: [correlationEntry(setting)], paper: scatterInPaper(results, setting), panels: points.length < 2 ? [] : [{ title: scatterCaption(results, setting)[0] ?? '', chart: scatterChart(points) }] }),
    file('masking', { title: 'F1 while heads are silenced', columns: 3, key: 'lines', from: measuredOf(setting, masked.map(({ condition }) => condition), 'masking'), paper: 'Figure 3', panels: masked.map(({ name: title, found }) => ({ title, chart: maskingChart(found, highestF1(masked)) })) }),
    file('loss', { title: 'Training loss', columns: 3, from: curves.map(({ from }) => from), panels: losses(curves) }),
    file('data', {
      title: 'Where needles stand, and how long prompts are',
      columns: 4,
      from: datasetShapes(setting).map(({ from }) => from),
      panels: datasetShapes(setting).flatMap(({ name: title, split, depths, lengths }) => [
        { title: `${title}, ${split}`, chart: histogram(depths) },
        { title: '', chart: histogram(lengths) },
      ]),
    }),
    file('samples', { title: 'A prompt of each kind of data, with its needles and answers', columns: 1, from: firstSamples(setting).map(({ from }) => from), paper: 'Figures 2 and 5', panels: firstSamples(setting).map(({ name: title, example }) => ({ title, chart: promptChart(promptPieces(example).pieces) })) }),
  ];
}

/** What the paper shows over its tasks: the heads of the models tuned on real data, masking of them, cosine and F1. */
function ofModel(results: SweepResults, settings: readonly SettingResults[]): FigureFile[] {
  const [first] = settings;
  if (first === undefined || settings.length < 2) return [];
  const file = (what: ModelFigure, { paper, title, from, ...sheet }: Draft): FigureFile => ({ name: modelFigure(what, first), paper: paper ?? null, from, sheet: { ...sheet, title: `${title}: ${modelName(first)}` } });
  const real = settings.flatMap((setting) => scoredCells(setting).filter(({ condition }) => condition === 'real').map(({ found }) => ({ from: measured(setting, 'real', 'heads'), title: `${taskName(setting.task)}, ${found.kind}`, matrix: found[found.kind] })));
  const highest = highestScore(real.map(({ matrix }) => matrix));
  const masked = settings.flatMap((setting) => maskedCells(setting).filter(({ condition }) => condition === 'real').map((cell) => ({ ...cell, from: measured(setting, 'real', 'masking'), name: taskName(setting.task) })));
  const scatters = settings.flatMap((setting) => {
    const points = scattered(setting);
    return points.length < 2 ? [] : [{ from: correlationEntry(setting), title: [taskName(setting.task), ...scatterCaption(results, setting).slice(0, 1)].join(': '), chart: scatterChart(points) }];
  });
  return [
    file('real-heads', { title: 'Mean score of each head of the models tuned on real data', columns: 3, from: real.map(({ from }) => from), paper: tunesAll(results, first) ? 'Figure 10' : 'Figure 6', panels: real.map(({ title, matrix }) => ({ title, chart: heatmap(matrix, highest) })) }),
    file('real-masking', { title: 'F1 of the models tuned on real data while heads are silenced', columns: 3, key: 'lines', from: masked.map(({ from }) => from), paper: 'Figure 3', panels: masked.map(({ name: title, found }) => ({ title, chart: maskingChart(found, highestF1(masked)) })) }),
    file('tasks-cosine-f1', { title: 'Overlap of heads and F1', columns: 3, beside: LABELLED, from: scatters.map(({ from }) => from), paper: scatterInPaper(results, first), panels: scatters.map(({ title, chart }) => ({ title, chart })) }),
  ];
}

/** The paper shows models whose LoRA is on all modules apart from the others (appendix G). */
function tunesAll({ spec }: SweepResults, { variant }: SettingResults): boolean {
  return (spec.variants?.find((each) => each.variant === variant)?.train.targetModules ?? spec.train.targetModules) === 'all';
}

const scatterInPaper = (results: SweepResults, setting: SettingResults): string => (tunesAll(results, setting) ? 'Figure 11' : 'Figure 4');

function pretraining({ bases }: SweepResults): FigureFile[] {
  const curves = pretrainingCurves(bases);
  return [{ name: PRETRAINING, paper: null, from: curves.map(({ from }) => from), sheet: { title: 'Pretraining loss of the base models', columns: 3, panels: losses(curves) } }];
}

function losses(curves: readonly Curve[]): Panel[] {
  const highest = highestLoss(curves);
  return curves.map(({ name: title, loss }) => ({ title, chart: lossChart(loss, highest) }));
}

/** Settings of one model, tuned in one way from one seed, over the sweep's tasks. */
function models(settings: readonly SettingResults[]): SettingResults[][] {
  return [...Map.groupBy(settings, modelSlug).values()];
}

function maps(scored: readonly Scored[], kind: HeadFindings['kind']): Panel[] {
  const highest = highestScore(scored.map(({ found }) => found[kind]));
  return scored.map(({ name, found }) => ({ title: `${name} (${plural(retrievalHeads(found[kind]).length, 'head')})`, chart: heatmap(found[kind], highest) }));
}

/** The real-data model, or the first one where it is not there, with each other one. */
function pairs(scored: readonly Scored[], word: string, chart: (first: Scored, other: Scored) => Panel['chart']): Panel[] {
  const first = scored.find(({ condition }) => condition === 'real') ?? scored[0];
  return first === undefined ? [] : scored.filter((other) => other !== first).map((other) => ({ title: `${first.name} ${word} ${other.name}`, chart: chart(first, other) }));
}

