import { nameOf, taskName } from '../report/format.ts';
import { html, type Html, quoted } from '../report/html.ts';
import { page } from '../report/layout.ts';
import { number, table } from '../report/sections/parts.ts';
import type { SweepOverview } from './overview.ts';

/** A line of the index; `page` is the relative address of the sweep's report, null where it does not lie here. */
export type IndexedSweep = SweepOverview & { page: string | null };

/** The index of a store's sweeps as one self-contained page. The same sweeps give the same bytes; everything in them is untrusted text. */
export function indexPage(sweeps: readonly IndexedSweep[]): string {
  const header = html`<header><p class="kind">Needlework</p><h1>Sweeps</h1><p class="lead">${sweeps.length === 0 ? 'The store has no sweep yet.' : `The ${sweeps.length === 1 ? 'sweep' : `${sweeps.length} sweeps`} of the store, by name.`}</p></header>`;
  const part = { id: 'found', title: 'All sweeps', content: sweeps.length === 0 ? html`<p>Each sweep is listed here as soon as it has started.</p>` : listing(sweeps) };
  return page('Sweeps · Needlework', header, [part], html`<p>A report that is not here is made from the store by <code>needlework report</code> and the sweep’s name; two sweeps are put side by side by <code>needlework compare</code>.</p>`);
}

function listing(sweeps: readonly IndexedSweep[]): Html {
  const columns = [{ head: 'Sweep' }, { head: 'Tasks' }, { head: 'Models' }, { head: 'Conditions' }, { head: 'Cells', numeric: true, title: 'Cells of the grid that there can be' }, { head: 'Finished', numeric: true, title: 'Cells that its last report shows finished' }];
  return table('Sweeps of the store', columns, [html`<tbody>${sweeps.map(row)}</tbody>`]);
}

function row({ sweep, description, tasks, models, conditions, cells, reported, problem, page: address }: IndexedSweep): Html {
  const name = address === null ? html`${quoted(sweep)}<br><span class="muted">no report here</span>` : html`<a href="${address}">${quoted(sweep)}</a>`;
  if (problem !== null) return html`<tr><th scope="row">${quoted(sweep)}</th><td colspan="5"><span class="status failed">cannot be read</span> <span class="reason">${quoted(problem)}</span></td></tr>`;
  return html`<tr><th scope="row">${name}${description === '' ? '' : html`<br><span class="muted">${quoted(description)}</span>`}</th><td>${tasks.map(taskName).join(', ')}</td><td>${models.join(', ')}</td><td>${conditions.map(nameOf).join(', ')}</td>${number(cells)}${number(reported === null ? '–' : String(reported))}</tr>`;
}
