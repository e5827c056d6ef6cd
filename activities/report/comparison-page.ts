/** Two sweeps side by side as one self-contained page; everything in them is untrusted text. */
import type { ComparedCell, ComparedSide, SweepComparison } from '#workflows/contracts/comparison.ts';
import { count, difference, nameOf, plural, range, score, settingName } from './format.ts';
import { html, type Html, quoted } from './html.ts';
import { page } from './layout.ts';
import { type Column, number, statusNote, table } from './sections/parts.ts';
import { ALL_ANCHOR, shellWord, type StoredEntry, storedTraces, type StoredUnit } from './sections/stored-traces.ts';
import { linkTo, whence } from './sections/traces.ts';
import { originsOf, type Owned } from './traces.ts';

/** The same comparison gives the same bytes. */
export function comparisonPage(comparison: SweepComparison): string {
  const { a, b, cells, differences, methods } = comparison;
  const entries = new Map(cells.map((cell, at) => [cell, entryOf(comparison, cell, at)]));
  const header = html`<header><p class="kind">Needlework, two sweeps side by side</p><h1>${a.sweep} and ${b.sweep}</h1>
<dl class="versions">${[['a', a] as const, ['b', b] as const].map(([side, each]) => html`<div><dt>${side}</dt><dd>${quoted(each.sweep)}${each.description === '' ? '' : html`: ${quoted(each.description)}`}</dd></div>`)}</dl></header>
<section aria-labelledby="found"><h2 id="found">What was found</h2><ul class="findings">${comparisonFindings(comparison).map((sentence) => html`<li>${sentence} ${whence(ALL_ANCHOR)}</li>`)}</ul></section>`;
  return page(
    `${a.sweep} and ${b.sweep} · Needlework`,
    header,
    [
      { id: 'cells', title: 'The same cells', content: [...Map.groupBy(cells, (cell) => settingName(settingOf(cell)))].map(([name, of]) => html`<h3>${name}</h3>${table(`F1 of both sweeps: ${name}`, F1_COLUMNS, [html`<tbody>${of.map((cell) => f1Row(cell, entries.get(cell)!))}</tbody>`])}${headTable(name, of, entries)}`) },
      { id: 'specs', title: 'Where they were asked for other things', content: differences.length === 0 ? html`<p>Nowhere: their specs are the same.</p>` : specTable(comparison) },
      { id: 'methods', title: 'Methods', content: html`<p class="prose">Intervals of F1 are percentile bootstrap intervals over test questions (${count(methods.bootstrap.resamples)} resamples, ${Math.round(methods.bootstrap.level * 100)} %, seed ${methods.bootstrap.seed}). The difference in F1 is b minus a over the same questions, resampled in pairs; it is left out where the two answered other questions. Recall and cosine are those with each sweep’s own model tuned on real data. Shared heads are the heads above zero in both among those above zero in either.</p>` },
      { id: 'provenance', title: 'Where the numbers come from', content: storedTraces(`npx needlework compare ${shellWord(a.sweep)} ${shellWord(b.sweep)}`, [...entries.values()]) },
    ],
    html`<p>Needlework · comparison schema ${comparison.schemaVersion}</p>`,
  );
}

const settingOf = ({ task, model, variant, seed }: ComparedCell) => ({ task, model, ...(variant !== null && { variant }), ...(seed !== null && { seed }) });

/** What the two come to, in sentences computed from the data. */
export function comparisonFindings({ a, b, cells, differences }: SweepComparison): string[] {
  const both = cells.filter((cell) => cell.f1 !== null);
  const only = (side: 'a' | 'b') => cells.filter((cell) => cell[side === 'a' ? 'b' : 'a'].status === 'missing' && cell[side].status === 'done').length;
  const higher = both.filter(({ f1 }) => f1!.low > 0).length;
  const lower = both.filter(({ f1 }) => f1!.high < 0).length;
  return [
    `${plural(cells.length, 'cell or untuned model', 'cells and untuned models')} in either; F1 can be compared question by question in ${count(both.length)}.`,
    ...(both.length > 0 ? [`${b.sweep} answers better than ${a.sweep} in ${count(higher)} of ${count(both.length)}, worse in ${count(lower)}; in the others the 95 % interval of the difference holds zero.`] : []),
    ...(only('a') > 0 ? [`${plural(only('a'), 'cell is', 'cells are')} finished in ${a.sweep} and not there in ${b.sweep}.`] : []),
    ...(only('b') > 0 ? [`${plural(only('b'), 'cell is', 'cells are')} finished in ${b.sweep} and not there in ${a.sweep}.`] : []),
    differences.length === 0 ? 'Their specs are the same.' : `Their specs differ in ${plural(differences.length, 'field')}.`,
  ];
}

const F1_COLUMNS: readonly Column[] = [
  { head: 'Training data' },
  { head: 'F1, a', numeric: true },
  { head: 'F1, b', numeric: true },
  { head: 'b − a', numeric: true, title: 'Mean difference over the same questions, with its 95 % interval' },
];

const HEAD_COLUMNS: readonly Column[] = [
  { head: 'Training data' },
  { head: 'Heads > 0, a', numeric: true },
  { head: 'Heads > 0, b', numeric: true },
  { head: 'Recall, a', numeric: true, title: 'Share of the heads of a’s real-data model that score above zero here too' },
  { head: 'Recall, b', numeric: true },
  { head: 'Cosine, a', numeric: true, title: 'Cosine of the head scores with those of a’s real-data model' },
  { head: 'Cosine, b', numeric: true },
  { head: 'Shared heads', numeric: true, title: 'Heads above zero in both, of those above zero in either' },
  { head: 'Cosine, a with b', numeric: true },
];

/** What was read of a cell in both sweeps. */
function entryOf(comparison: SweepComparison, cell: ComparedCell, at: number): StoredEntry {
  const sideOf = (side: 'a' | 'b'): StoredUnit[] => {
    const { unit, artifacts, test } = cell[side];
    if (unit === null) return [];
    const real = comparison.cells.find(({ task, model, variant, seed, by }) => by === 'real' && task === cell.task && model === cell.model && variant === cell.variant && seed === cell.seed)?.[side];
    const owned: Record<'own' | 'real' | 'test', Owned> = { own: { of: unit, artifacts }, real: { of: real?.unit ?? 'real', artifacts: real?.artifacts ?? [] }, test: { of: 'real test split', artifacts: test === null ? [] : [test] } };
    const measures = (['f1', 'heads', 'overlap'] as const).flatMap((measure) => {
      const origins = originsOf(measure, owned);
      return origins === null ? [] : [{ measure, origins }];
    });
    return measures.length === 0 ? [] : [{ side, sweep: comparison[side].sweep, unit, measures }];
  };
  return { id: `from-${at + 1}`, name: `${settingName(settingOf(cell))}: ${nameOf(cell.by)}`, units: [...sideOf('a'), ...sideOf('b')] };
}

const rowName = (by: ComparedCell['by'], entry: StoredEntry): Html | string => (entry.units.length === 0 ? nameOf(by) : linkTo(entry, nameOf(by)));

function f1Row({ by, a, b, f1, f1Reason }: ComparedCell, entry: StoredEntry): Html {
  const notes = [['a', statusNote(a)] as const, ['b', statusNote(b)] as const].flatMap(([side, note]) => (note === null ? [] : [html`<br><span class="muted">${side}:</span> ${note}`]));
  const own = (side: ComparedSide): Html | string => (side.f1 === null ? '–' : html`<strong>${score(side.f1.mean)}</strong><br><span class="muted">${range(side.f1)}</span>`);
  const gain = f1 === null ? html`<span class="reason">${f1Reason}</span>` : html`${difference(f1.mean)}<br><span class="muted">${range(f1)}</span>`;
  return html`<tr><th scope="row">${rowName(by, entry)}${notes}</th>${[own(a), own(b), gain].map(number)}</tr>`;
}

/** Nothing where neither sweep has scored heads. */
function headTable(name: string, cells: readonly ComparedCell[], entries: ReadonlyMap<ComparedCell, StoredEntry>): Html | null {
  const scored = cells.filter(({ a, b }) => a.positive !== null || b.positive !== null);
  return scored.length === 0 ? null : table(`Heads of both sweeps: ${name}`, HEAD_COLUMNS, [html`<tbody>${scored.map((cell) => headRow(cell, entries.get(cell)!))}</tbody>`]);
}

function headRow({ by, a, b, jaccard, cosine }: ComparedCell, entry: StoredEntry): Html {
  const heads = ({ positive, heads: of }: ComparedSide) => (positive === null || of === null ? '–' : `${count(positive)} of ${count(of)}`);
  return html`<tr><th scope="row">${rowName(by, entry)}</th>${[heads(a), heads(b), score(a.recall), score(b.recall), score(a.cosine), score(b.cosine), score(jaccard), score(cosine)].map(number)}</tr>`;
}

function specTable({ differences }: SweepComparison): Html {
  const value = (text: string | null) => (text === null ? html`<td><span class="muted">absent</span></td>` : html`<td><code>${text}</code></td>`);
  return table('Fields of the specs that differ', [{ head: 'Field' }, { head: 'a' }, { head: 'b' }], [html`<tbody>${differences.map(({ field, a, b }) => html`<tr><th scope="row"><code>${field}</code></th>${value(a)}${value(b)}</tr>`)}</tbody>`]);
}
