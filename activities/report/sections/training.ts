/** Loss curves, and the data behind them in numbers. */
import type { BaseFacts, LossPoint, SettingResults } from '#workflows/contracts/report.ts';
import { html, type Html } from '../html.ts';
import { draw } from '../charts/draw.ts';
import { lossChart } from '../charts/loss.ts';
import { settingFigure } from '../figures/names.ts';
import { count, nameOf, plural, score } from '../format.ts';
import { baseAnchor } from '../shared-traces.ts';
import { type EntryLink, measured } from '../traces.ts';
import { figure, filesNote, folded, number, table } from './parts.ts';
import { linkTo } from './traces.ts';

/** Steps averaged for "at first" and "at last". */
const ENDS = 10;

/** Name of the figure of the bases' losses. */
export const PRETRAINING = 'pretraining-loss';

export interface Curve {
  name: string;
  /** Entry of where its numbers come from. */
  from: EntryLink;
  loss: LossPoint[];
}

export const lossCurves = (setting: SettingResults): Curve[] =>
  setting.cells.flatMap(({ condition, training: found }) => (found && found.loss.length > 0 ? [{ name: nameOf(condition), from: measured(setting, condition, 'loss'), loss: found.loss }] : []));

export const pretrainingCurves = (bases: readonly BaseFacts[]): Curve[] =>
  bases.flatMap(({ model, pretraining: found }) => (found && found.loss.length > 0 ? [{ name: model, from: { id: baseAnchor(model), name: `base ${model}` }, loss: found.loss }] : []));

/** For drawings that share a scale. */
export const highestLoss = (found: readonly Curve[]): number => found.flatMap(({ loss }) => loss).reduce((top, { loss }) => Math.max(top, loss), 0);

export async function training(setting: SettingResults): Promise<Html | null> {
  return curves('Training loss of the adapters', settingFigure('loss', setting), lossCurves(setting));
}

/** Loss of bases that the sweep pretrained itself. */
export async function pretraining(bases: readonly BaseFacts[]): Promise<Html | null> {
  return curves('Pretraining loss of the base model', PRETRAINING, pretrainingCurves(bases));
}

async function curves(title: string, file: string, found: readonly Curve[]): Promise<Html | null> {
  if (found.length === 0) return null;
  const highest = highestLoss(found);
  const charts: Html[] = [];
  for (const { name, from, loss } of found) {
    charts.push(figure({ label: `${name}: ${ends(loss)}`, caption: html`<strong>${linkTo(from, name)}</strong>${plural(loss.length, 'logged step')}`, drawing: await draw(lossChart(loss, highest)), text: '' }));
  }
  const rows = found.map(({ name, from, loss }) => html`<tr><th scope="row">${linkTo(from, name)}</th>${number(count(loss.at(-1)?.step ?? 0))}${number(score(meanLoss(loss.slice(0, ENDS))))}${number(score(meanLoss(loss.slice(-ENDS))))}</tr>`);
  return html`<h3 class="sub">${title}</h3><div class="multiples">${charts}</div>
<p class="note">Faint: as logged, averaged over equal stretches where there are more than 300 points. Strong: running mean. All curves share one scale.</p>
${filesNote([file])}
${folded(`${title} in numbers`, table(title, [{ head: 'Model' }, { head: 'Last step', numeric: true }, { head: `Mean of the first ${ENDS}`, numeric: true }, { head: `Mean of the last ${ENDS}`, numeric: true }], [html`<tbody>${rows}</tbody>`]))}`;
}

const meanLoss = (points: readonly LossPoint[]): number => points.reduce((sum, { loss }) => sum + loss, 0) / points.length;
const ends = (loss: readonly LossPoint[]): string => `loss from ${score(meanLoss(loss.slice(0, ENDS)))} over the first steps to ${score(meanLoss(loss.slice(-ENDS)))} over the last.`;
