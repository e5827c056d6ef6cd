/** How overlap of heads with the real-data model's goes with F1 (Figures 4 and 11). */
import { dataOf } from '#workflows/contracts/experiment.ts';
import type { SettingResults, SweepResults } from '#workflows/contracts/report.ts';
import { draw } from '../charts/draw.ts';
import { SCATTERED, scatterChart, type ScatterPoint, spearmanText } from '../charts/scatter.ts';
import { settingFigure } from '../figures/names.ts';
import { score, settingName, shortName } from '../format.ts';
import { html, type Html } from '../html.ts';
import { correlationEntry } from '../traces.ts';
import { figure, filesNote } from './parts.ts';
import { linkTo } from './traces.ts';

/** Cells of a setting that have both values. */
export function scattered({ cells }: SettingResults): ScatterPoint[] {
  return cells.flatMap(({ condition, heads, evaluation }) => {
    if (heads === null || heads.cosine === null || evaluation === null) return [];
    const { kind } = dataOf(condition);
    return [{ name: shortName(condition), kind: kind === 'real' || kind === 'limited' ? kind : 'synthetic', cosine: heads.cosine, f1: evaluation.f1.mean }];
  });
}

/** Spearman's correlation of cosine and F1 over those cells, and over all but real data, one sentence each. */
export function scatterCaption({ correlations }: SweepResults, setting: SettingResults): string[] {
  const of = (rows: 'all' | 'withoutReal') => correlations.find((each) => each.rows === rows && settingName(each) === settingName(setting))?.cosine;
  const [all, others] = [of('all'), of('withoutReal')];
  return [...(all ? [spearmanText(all)] : []), ...(others && others.n !== all?.n && others.n > 1 ? [`Without real data: ${spearmanText(others)}`] : [])];
}

export async function overlap(results: SweepResults): Promise<Html | null> {
  const figures: Html[] = [];
  const names: string[] = [];
  for (const setting of results.settings) {
    const points = scattered(setting);
    if (points.length < 2) continue;
    names.push(settingFigure('cosine-f1', setting));
    const caption = scatterCaption(results, setting);
    figures.push(
      figure({
        label: `${settingName(setting)}, cosine and F1. ${points.map(({ name, cosine, f1 }) => `${name}: ${score(cosine)}, ${score(f1)}`).join('. ')}. ${caption.join('. ')}.`,
        caption: html`<strong>${linkTo(correlationEntry(setting), settingName(setting))}</strong>${caption.map((line, at) => html`${at > 0 && html`<br>`}${line}`)}`,
        drawing: await draw(scatterChart(points)),
        text: '',
      }),
    );
  }
  if (figures.length === 0) return null;
  return html`<p class="prose">Each point is one model: how alike its head scores are to those of the model tuned on real data, and its F1 on the real test split (the paper’s Figures 4 and 11). Real data is like itself by definition.</p>
<div class="multiples wide">${figures}</div>
<ul class="key">${SCATTERED.map(({ name, colour }) => html`<li><span class="swatch dot ${colour}"></span>${name}</li>`)}</ul>
${filesNote(names)}`;
}
