/** What silencing heads does to the answers (Figure 3). */
import type { Condition } from '#workflows/contracts/experiment.ts';
import type { SettingResults } from '#workflows/contracts/report.ts';
import type { Masking } from '#workflows/contracts/results.ts';
import { type Content, html, type Html } from '../html.ts';
import { draw } from '../charts/draw.ts';
import { type MaskedAt, maskedByK, maskingChart } from '../charts/masking.ts';
import { settingFigure } from '../figures/names.ts';
import { count, list, nameOf, plural, range, score } from '../format.ts';
import { figure, filesNote, number, table } from './parts.ts';
import { traced } from './traces.ts';

interface MaskedCell {
  condition: Condition;
  name: string;
  found: Masking;
  byK: MaskedAt[];
}

export const maskedCells = ({ cells }: SettingResults): MaskedCell[] =>
  cells.flatMap(({ condition, masking: found }) => (found ? [{ condition, name: nameOf(condition), found, byK: maskedByK(found) }] : []));

/** Highest F1 of any cell, for drawings that share a scale. */
export const highestF1 = (masked: readonly Pick<MaskedCell, 'found'>[]): number => Math.max(...masked.flatMap(({ found }) => [found.unmaskedF1, ...found.sets.map(({ f1 }) => f1)]));

export async function masking(setting: SettingResults): Promise<Html | null> {
  const masked = maskedCells(setting);
  if (masked.length === 0) return null;
  const skipped = masked.flatMap(({ name, found }) => found.skipped.map(({ k, reason }) => `${name}, ${plural(k, 'head')}: ${reason}`));
  const notRun = skipped.length > 0 ? html`<p class="note">Not run: ${list(skipped)}.</p>` : '';
  if (masked.every(({ byK }) => byK.length === 0)) return notRun || null;
  const highest = highestF1(masked);
  const charts: Html[] = [];
  for (const { condition, name, found, byK } of masked) {
    if (byK.length === 0) continue;
    const label = `${name}: unmasked F1 ${score(found.unmaskedF1)}. ${byK.map(({ k, top, random }) => `${k} heads: top ${score(top)}, random ${score(random?.mean)}`).join('. ')}.`;
    charts.push(figure({ label, caption: html`<strong>${traced(setting, condition, 'masking', name)}</strong>${plural(found.examples, 'test question')}`, drawing: await draw(maskingChart(found, highest)), text: '' }));
  }
  const ks = [...new Set(masked.flatMap(({ byK }) => byK.map(({ k }) => k)))].sort((a, b) => a - b);
  const draws = Math.max(0, ...masked.flatMap(({ byK }) => byK.map(({ random }) => random?.draws ?? 0)));
  return html`<p class="prose">F1 on real test questions while the heads of highest score are silenced, and while as many random heads are.</p>
<div class="multiples">${charts}</div>
<ul class="key"><li><span class="line top"></span>highest-scoring heads</li><li><span class="line random"></span>random heads: mean of ${plural(draws, 'draw')} in their range; each draw a dot</li></ul>
${filesNote([settingFigure('masking', setting)])}
${table(
  'F1 with heads silenced; for random heads the mean and the range of the draws',
  [{ head: 'Training data' }, { head: 'None', numeric: true }, ...ks.flatMap((k) => [{ head: `Top ${count(k)}`, numeric: true }, { head: `Random ${count(k)}`, numeric: true }])],
  [html`<tbody>${masked.map(({ condition, name, found, byK }) => html`<tr><th scope="row">${name}</th>${number(traced(setting, condition, 'masking', score(found.unmaskedF1)))}${ks.map((k) => pair(byK.find((at) => at.k === k), (content) => traced(setting, condition, 'masking', content)))}</tr>`)}</tbody>`],
)}
${notRun}`;
}

function pair(at: MaskedAt | undefined, linked: (content: Html) => Content): Html {
  const random = at?.random ? linked(html`${score(at.random.mean)} <span class="muted">(${range(at.random)})</span>`) : '–';
  return html`${number(at === undefined ? '–' : linked(html`<strong>${score(at.top)}</strong>`))}${number(random)}`;
}
