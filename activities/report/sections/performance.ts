/** The paper's Table 1 with what belongs beside it: F1 by training data, untuned models, heads and overlap. */
import type { BaselineResults, CellResults, Evaluation, SettingResults } from '#workflows/contracts/report.ts';
import { html, type Html } from '../html.ts';
import { draw } from '../charts/draw.ts';
import { f1Chart, type F1Row } from '../charts/f1.ts';
import { figureAnchor, settingFigure } from '../figures/names.ts';
import { count, difference, nameOf, range, score } from '../format.ts';
import type { Baseline, Condition } from '#workflows/contracts/experiment.ts';
import type { Measure } from '#workflows/contracts/trace.ts';
import { type Column, figure, filesNote, number, statusNote, table } from './parts.ts';
import { traced, whence } from './traces.ts';

const columns = (kind: string): Column[] => [
  { head: 'Training data' },
  { head: 'F1', numeric: true, title: 'Mean token F1 on the real test split' },
  { head: '95 % interval', numeric: true, title: 'Percentile bootstrap over test questions' },
  { head: 'vs real data', numeric: true, title: 'Difference in F1 to the model tuned on real data, over the same questions' },
  { head: 'Exact match', numeric: true, title: 'Share of test questions answered exactly' },
  { head: 'Own F1', numeric: true, title: 'F1 on the validation split of the model’s own data' },
  { head: 'Heads > 0', numeric: true, title: `Heads with a positive ${kind} score` },
  { head: 'Recall', numeric: true, title: 'Share of the real-data heads that score above zero here too' },
  { head: 'Cosine', numeric: true, title: 'Cosine of the head scores with those of the model tuned on real data' },
];

const COLUMNS = columns('').length;

/** F1 of every model of a setting that has one, as the figure shows it. */
export function f1Rows({ baselines, cells }: SettingResults): (F1Row & { by: Condition | Baseline })[] {
  return [
    ...baselines.flatMap(({ baseline, evaluation }) => (evaluation ? [{ by: baseline, name: nameOf(baseline), f1: evaluation.f1, tuned: false }] : [])),
    ...cells.flatMap(({ condition, evaluation }) => (evaluation ? [{ by: condition, name: nameOf(condition), f1: evaluation.f1, tuned: true }] : [])),
  ];
}

/** Results table and F1 figure of one task with one model. */
export async function performance(setting: SettingResults): Promise<Html> {
  const { baselines, cells } = setting;
  const kind = cells.find(({ heads }) => heads)?.heads?.kind ?? 'retrieval';
  const rows = f1Rows(setting);
  const results = table('F1 on the real test split by training data', columns(kind), [
    ...(baselines.length > 0 ? [html`<tbody>${baselines.map((each) => baselineRow(setting, each))}</tbody>`] : []),
    html`<tbody>${cells.map((each) => cellRow(setting, each))}</tbody>`,
  ]);
  if (rows.length === 0) return results;
  return html`${results}
<p class="note">Training data is named “concept expression / context diversity”, as in the paper. Own F1 is measured on each model’s own kind of data and is not comparable between rows.</p>
${figure({
  label: `F1 on the real test split with 95 % intervals. ${rows.map(({ name, f1 }) => `${name}: ${score(f1.mean)}, ${range(f1)}`).join('. ')}.`,
  caption: html`F1 on the real test split; bars are 95 % intervals over questions. Untuned models in grey. ${whence(figureAnchor(settingFigure('f1', setting)))}`,
  drawing: await draw(f1Chart(rows)),
  text: filesNote([settingFigure('f1', setting)]),
})}`;
}

function baselineRow(setting: SettingResults, { baseline, evaluation, ...part }: BaselineResults): Html {
  return row(setting, baseline, statusNote(part), evaluation, [null, null, null, null]);
}

function cellRow(setting: SettingResults, { condition, evaluation, heads, ...part }: CellResults): Html {
  const own = heads ? [score(heads.ownF1), `${count(heads.positive)} of ${count(heads.layers * heads.heads)}`, score(heads.recall), score(heads.cosine)] : [null, null, null, null];
  return row(setting, condition, statusNote(part), evaluation, own);
}

/** What each column after the name is measured as. */
const MEASURED: readonly Measure[] = ['f1', 'f1', 'f1MinusReal', 'f1', 'ownF1', 'heads', 'overlap', 'overlap'];

function row(setting: SettingResults, by: Condition | Baseline, note: Html | null, evaluation: Evaluation | null, rest: (string | null)[]): Html {
  const name = nameOf(by);
  if (note && !evaluation && rest.every((value) => value === null)) return html`<tr><th scope="row">${name}</th><td colspan="${COLUMNS - 1}">${note}</td></tr>`;
  const values = evaluation
    ? [html`<strong>${score(evaluation.f1.mean)}</strong>`, range(evaluation.f1), evaluation.f1MinusReal ? html`<span title="95 % interval ${range(evaluation.f1MinusReal)}">${difference(evaluation.f1MinusReal.mean)}</span>` : '–', score(evaluation.exactMatch.mean)]
    : [null, null, null, null];
  const cells = [...values, ...rest].map((value, at) => number(value === null || value === '–' ? '–' : traced(setting, by, MEASURED[at] as Measure, value)));
  return html`<tr><th scope="row">${name}${note && html`<br>${note}`}</th>${cells}</tr>`;
}
