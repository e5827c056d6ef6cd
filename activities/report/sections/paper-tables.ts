/** The paper's tables as it prints them, each number beside the sweep's own (Tables 1–19 as far as the sweep goes). */
import { type BestValues, bestValues, boldRule } from '#activities/analysis/index.ts';
import type { ComparedCell, ComparedTable, Correlation, CorrelatedRows, SettingCorrelations, SweepResults } from '#workflows/contracts/report.ts';
import { captionOf, type Grid, gridOf, marksOf, numbersOf, PAPER_MODELS, titleOf } from '../compared-grid.ts';
import { score, settingName } from '../format.ts';
import { html, type Html, quoted } from '../html.ts';
import { tableFile } from '../table-files.ts';
import { correlationEntry, entryLink, tracesOfAll } from '../traces.ts';
import { type Column, folded, number, table } from './parts.ts';
import { entryLinks, linkTo } from './traces.ts';

const ROWS: Readonly<Record<CorrelatedRows, string>> = { all: 'all', withoutReal: 'all but real data', synthetic: 'synthetic data only' };

export function paperTables(results: SweepResults): Html | null {
  const { correlations, paper } = results;
  const correlated = correlations.filter(({ recall, cosine }) => recall.n > 1 || cosine.n > 1);
  if (paper.tables.length === 0 && correlated.length === 0) return null;
  const known = new Set(tracesOfAll(results).map(({ id }) => id));
  return html`${correlated.length > 0 ? correlationTable(correlated) : ''}
${paper.tables.length > 0 ? introduction(paper) : ''}
${paper.tables.map((each, at) => compared(each, at, known))}`;
}

function correlationTable(correlated: readonly SettingCorrelations[]): Html {
  const rows = correlated.map((each) => html`<tr><th scope="row">${settingName(each)}</th><td>${ROWS[each.rows]}</td>${[each.recall, each.cosine].map(({ rho, p, n }) => [rho === null ? '–' : score(rho), pValue({ rho, p, n }), n].map((value) => number(value === '–' ? value : linkTo(correlationEntry(each), value))))}</tr>`);
  const columns = [{ head: 'Setting' }, { head: 'Rows' }, ...['Recall', 'Cosine'].flatMap((name) => [{ head: `${name}: Spearman`, numeric: true }, { head: 'p', numeric: true, title: 'Two-sided, over all pairings' }, { head: 'n', numeric: true }])];
  return html`${table('Rank correlation of the overlap of heads with F1 on the real test split', columns, [html`<tbody>${rows}</tbody>`])}
<p class="note">Ties have average ranks. p is the share of all pairings (of more than ten models, of 100,000 drawn ones) with at least this correlation, either way. Real data’s recall and cosine are 1 by definition, so the correlation is given without it as well.</p>`;
}

const pValue = ({ p }: Correlation): string => (p === null ? '–' : p < 0.001 ? '< 0.001' : p.toFixed(3));

function introduction({ citation, tables }: SweepResults['paper']): Html {
  return html`<p class="prose">Paper: ${citation} Its numbers are those of <code>activities/paper/tables.json</code> in the checkout. In each cell the sweep’s own figure stands first; beneath it, smaller, the paper’s, and the difference of the two. Where the sweep has several seeds, ours is their mean. A letter says why there is none of ours, a raised figure where the paper contradicts itself. Spearman R below a table of recalls is that of its first column with F1, over all its rows. The paper’s models are larger than most: what differs is to be read with the methods.</p>
<ul class="jump">${tables.map((each, at) => html`<li><a href="#${idOf(each, at)}">${titleOf(each)}</a></li>`)}</ul>`;
}

/** Several models and variants have the same table. */
const idOf = ({ table: printed }: ComparedTable, at: number): string => `table-${printed}-${at + 1}`;

function compared(each: ComparedTable, at: number, known: ReadonlySet<string>): Html {
  const { model, paperModel, cells, notes } = each;
  const grid = gridOf(each);
  const [best, bold] = [bestValues(each), boldRule(each)];
  const there = cells.filter(({ ours }) => ours !== null).length;
  const grouped = grid.bodies.some((rows) => rows.some(({ group }) => group !== null));
  const columns: Column[] = [...(grouped ? [{ head: 'Task' }] : []), { head: grouped ? 'Concept, context' : '' }, ...grid.columns.map((head) => ({ head, numeric: true }))];
  const bodies = grid.bodies.map((rows) => html`<tbody>${rows.map(({ group, name, cells: found }) => html`<tr>${grouped ? html`<td>${group}</td>` : ''}<th scope="row">${name}</th>${found.map((cell) => cellOf(cell, grid, best, cell && originId(each, at, cell)))}</tr>`)}</tbody>`);
  const { reasons, notes: disagreements } = grid.remarks;
  return html`<div class="compared"><h3 class="sub" id="${idOf(each, at)}">${titleOf(each)}</h3>
<p class="note">${captionOf(each)} Here: ${model}, with the paper’s ${PAPER_MODELS[paperModel]} beneath.${bold === null ? '' : ` Bold, as in the paper: ${bold}, of the paper’s numbers and of ours.`}</p>
${table(`${titleOf(each)}: ${there} of ${cells.length} figures are there`, columns, bodies)}
${reasons.size > 0 ? html`<p class="note">${[...reasons].map(([mark, text]) => html`<sup>${mark}</sup> ${quoted(text)}. `)}</p>` : ''}
${disagreements.size + notes.length > 0 ? html`<p class="note">${[...disagreements].map(([mark, text]) => html`<sup>${mark}</sup> The paper: ${text}. `)}${notes.map((note) => html`${note} `)}</p>` : ''}
${originsOf(each, at, known)}
<p class="note">This table as a file beside this page: <a href="${tableFile(each, 'csv')}">CSV</a>, <a href="${tableFile(each, 'tex')}">LaTeX</a>.</p></div>`;
}

/** Id of what is said of a number's origins. */
const originId = (each: ComparedTable, at: number, cell: ComparedCell): string => `${idOf(each, at)}-n${each.cells.indexOf(cell) + 1}`;

/** What each number of a table was computed from, seed by seed, with links to the entries of that. */
function originsOf(each: ComparedTable, at: number, known: ReadonlySet<string>): Html {
  const items = each.cells.flatMap((cell) => {
    if (cell.ours === null) return [];
    return [html`<li id="${originId(each, at, cell)}">${[cell.group, cell.row, cell.column].filter((part) => part !== null && part !== '').join(', ')}: ${entryLinks(cell.from.map(entryLink), known)}</li>`];
  });
  return folded('Where each number of this table comes from', html`<ul class="notes">${items}</ul>`);
}

function cellOf(cell: ComparedCell | null, grid: Grid, best: BestValues, from: string | null): Html {
  if (cell === null) return html`<td></td>`;
  const { paper, ours, difference } = numbersOf(cell);
  const { reason, note } = marksOf(cell, grid);
  const theirs = html`<span class="beside"><span class="aside">paper </span>${best.paper.has(cell) ? html`<strong>${paper}</strong>` : paper}${note === null ? '' : html`<sup>${note}</sup>`}</span>`;
  if (ours === null) return html`<td class="number" data-value="" title="${cell.reason}">–<sup>${reason}</sup>${theirs}</td>`;
  return html`<td class="number"><a class="from" href="#${from}">${best.ours.has(cell) ? html`<strong>${ours}</strong>` : ours}</a>${theirs}<span class="beside"><span class="aside">difference </span>${difference}</span></td>`;
}
