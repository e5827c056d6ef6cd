/** What the real-data model's heads do in the models tuned on other data (Table 3). */
import type { CellResults, PatchingFindings, SettingResults } from '#workflows/contracts/report.ts';
import { type Content, html, type Html, quoted } from '../html.ts';
import { count, difference, list, nameOf, plural, score } from '../format.ts';
import { type Column, number, table } from './parts.ts';
import { traced } from './traces.ts';

const COLUMNS: readonly Column[] = [
  { head: 'Training data' },
  { head: 'N', numeric: true, title: 'Heads patched' },
  { head: 'Compl.', numeric: true, title: 'F1 with heads that score in one of the two models only' },
  { head: 'Inter.', numeric: true, title: 'F1 with heads that score in both models' },
  { head: 'Rand.', numeric: true, title: 'F1 with as many random heads, mean of the draws' },
  { head: 'Orig.', numeric: true, title: 'F1 of the same model on the same questions with nothing patched' },
  { head: 'Δ', numeric: true, title: 'Best of the three minus the original F1' },
];

export function patching(setting: SettingResults): Html | null {
  const { cells } = setting;
  const shown = cells.filter(({ patching: found, patchingReason }) => found !== null || patchingReason !== null);
  if (shown.length === 0) return null;
  const questions = shown.flatMap(({ patching: found }) => (found ? [found.examples] : []))[0];
  const real = cells.find(({ condition, evaluation }) => condition === 'real' && evaluation?.examples === questions);
  const skipped = shown.flatMap(({ condition, patching: found }) => (found ? [...new Set(found.skipped.map(({ reason }) => `${nameOf(condition)}: ${reason}`))] : []));
  return html`<p class="prose">F1 on ${questions === undefined ? 'real test questions' : plural(questions, 'real test question')} while N heads of each model put out, at every position of the prompt, what they put out in the model tuned on real data.</p>
${table('F1 with the outputs of heads patched from the model tuned on real data', COLUMNS, [html`<tbody>${real ? realRow(setting, real) : ''}${shown.map((cell) => row(setting, cell))}</tbody>`])}
<p class="note">The best of the three is set bold. Complement: heads that score above zero on real data and not on the model’s own data, or as the methods say.</p>
${skipped.length > 0 ? html`<p class="note">Not patched: ${quoted(list(skipped))}.</p>` : ''}`;
}

function realRow(setting: SettingResults, { condition, evaluation }: CellResults): Html {
  return html`<tr><th scope="row">${nameOf(condition)}</th>${['–', '–', '–', '–', traced(setting, condition, 'f1', score(evaluation?.f1.mean)), '–'].map(number)}</tr>`;
}

function row(setting: SettingResults, { condition, patching: found, patchingReason }: CellResults): Html {
  const linked = (content: Content) => traced(setting, condition, 'patching', content);
  const name = html`<th scope="row">${nameOf(condition)}</th>`;
  if (found === null) return html`<tr>${name}<td colspan="${COLUMNS.length - 1}"><span class="status missing">not there</span> <span class="reason">${quoted(patchingReason ?? '')}</span></td></tr>`;
  const { n, f1, unpatchedF1, delta } = found;
  return html`<tr>${name}${number(linked(count(n)))}${[f1.complement, f1.intersection, f1.random].map((value) => number(value === null ? '–' : linked(isBest(value, found) ? html`<strong>${score(value)}</strong>` : score(value))))}${number(linked(score(unpatchedF1)))}${number(delta === null ? '–' : linked(difference(delta)))}</tr>`;
}

/** As printed: what differs in the third decimal is equally good. */
function isBest(value: number, { f1 }: PatchingFindings): boolean {
  return score(value) === score(Math.max(...Object.values(f1).filter((each) => each !== null)));
}
