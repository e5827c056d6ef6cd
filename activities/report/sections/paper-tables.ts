/** The paper's tables, each cell beside the sweep's own (Tables 1–19 as far as the sweep goes). */
import type { ComparedTable, Correlation, CorrelatedRows, SettingCorrelations, SweepResults } from '#workflows/contracts/report.ts';
import { difference, list, score, settingName } from '../format.ts';
import { html, type Html, quoted } from '../html.ts';
import { folded, number, table } from './parts.ts';

const ROWS: Readonly<Record<CorrelatedRows, string>> = { all: 'all', withoutReal: 'all but real data', synthetic: 'synthetic data only' };
const PAPER_MODELS: Readonly<Record<ComparedTable['paperModel'], string>> = { llama3: 'Llama-3-8B-Instruct', mistral: 'Mistral-7B-Instruct-v0.1' };
/** Mean scores of heads are small: the paper prints three decimals of them. */
const FINE = new Set([12, 19]);

export function paperTables({ correlations, paper }: SweepResults): Html | null {
  const correlated = correlations.filter(({ recall, cosine }) => recall.n > 1 || cosine.n > 1);
  if (paper.tables.length === 0 && correlated.length === 0) return null;
  return html`${correlated.length > 0 ? correlationTable(correlated) : ''}
${paper.tables.length > 0 ? html`<p class="prose">Paper: ${paper.citation} Each figure stands beside the paper’s; where the sweep has several seeds, ours is their mean. The paper’s models are larger than most: what differs is to be read with the methods.</p>` : ''}
${paper.tables.map(compared)}`;
}

function correlationTable(correlated: readonly SettingCorrelations[]): Html {
  const rows = correlated.map((each) => html`<tr><th scope="row">${settingName(each)}</th><td>${ROWS[each.rows]}</td>${[each.recall, each.cosine].map(({ rho, p, n }) => [number(score(rho)), number(pValue({ rho, p, n })), number(n)])}</tr>`);
  const columns = [{ head: 'Setting' }, { head: 'Rows' }, ...['Recall', 'Cosine'].flatMap((name) => [{ head: `${name}: Spearman`, numeric: true }, { head: 'p', numeric: true, title: 'Two-sided, over all pairings' }, { head: 'n', numeric: true }])];
  return html`${table('Rank correlation of the overlap of heads with F1 on the real test split', columns, [html`<tbody>${rows}</tbody>`])}
<p class="note">Ties have average ranks. p is the share of all pairings with at least this correlation, either way. Real data’s recall and cosine are 1 by definition, so the correlation is given without it as well.</p>`;
}

const pValue = ({ p }: Correlation): string => (p === null ? '–' : p < 0.001 ? '< 0.001' : p.toFixed(3));

function compared({ table: at, caption, model, variant, paperModel, cells }: ComparedTable): Html {
  const digits = (value: number) => (FINE.has(at) ? value.toFixed(3) : score(value));
  const there = cells.filter(({ ours }) => ours !== null);
  const missing = [...new Set(cells.flatMap(({ reason }) => (reason === null ? [] : [reason])))];
  const rows = cells.map(({ row, column, paper, ours, difference: by, reason, note }) => html`<tr><th scope="row">${row}</th><td>${column}</td>${number(html`${digits(paper)}${note === null ? '' : ' *'}`)}${ours === null ? html`<td colspan="2"><span class="status missing">not there</span> <span class="reason">${quoted(reason ?? '')}</span></td>` : [number(digits(ours)), number(FINE.has(at) ? (by ?? 0).toFixed(3) : difference(by ?? 0))]}<td>${note ?? ''}</td></tr>`);
  const name = `Table ${at}, ${[model, ...(variant === undefined ? [] : [variant])].join(', ')}`;
  return folded(
    `${name}: ${there.length} of ${cells.length} cells`,
    html`${table(`${name}, beside the paper’s ${PAPER_MODELS[paperModel]}. ${caption}`, [{ head: 'Row' }, { head: 'Column' }, { head: 'Paper', numeric: true }, { head: 'Ours', numeric: true }, { head: 'Difference', numeric: true }, { head: 'The paper on itself' }], [html`<tbody>${rows}</tbody>`])}
${missing.length > 0 ? html`<p class="note">Not there: ${quoted(list(missing))}.</p>` : ''}`,
  );
}
