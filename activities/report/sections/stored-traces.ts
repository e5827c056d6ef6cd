/**
 * Where the numbers of a comparison or an advice come from: artifacts of sweeps of the store. Their reports have the commands that make
 * an artifact itself anew; what is computed from artifacts is computed anew by the command that wrote the page.
 */
import { type Content, html, type Html, quoted } from '../html.ts';
import { type EntryLink, type Origin, RULES } from '../traces.ts';
import type { Measure } from '#workflows/contracts/trace.ts';
import { entryLinks, originsView } from './traces.ts';

/** A cell of a sweep, and what was read of it. */
export interface StoredUnit {
  /** Before the sweep's name, where there are two: "a". */
  side?: string;
  sweep: string;
  unit: string;
  measures: readonly { measure: Measure; origins: readonly Origin[] }[];
}

/** What rows link to. */
export interface StoredEntry extends EntryLink {
  units: readonly StoredUnit[];
}

/** Entry of what rests on all of them. */
export const ALL_ANCHOR = 'from-all';

/** `command`: of the shell, makes the page anew. */
export function storedTraces(command: string, entries: readonly StoredEntry[]): Html {
  const known = new Set(entries.map(({ id }) => id));
  return html`<p class="prose">Names of rows and the words “where from” are links to these entries: the artifacts and files that were read, and how. All numbers are computed from them anew by <code>${command}</code>. Commands that make an artifact itself anew are in the report of its sweep.</p>
${entries.map(entryView)}
<details class="unit" id="${ALL_ANCHOR}"><summary>What rests on all of them</summary><p class="note">${entryLinks(entries, known)}</p></details>`;
}

function entryView({ id, name, units }: StoredEntry): Html {
  return html`<details class="unit" id="${id}"><summary>${quoted(name)}</summary>${units.length === 0 ? html`<p class="note">Nothing was read.</p>` : units.map(unitView)}</details>`;
}

function unitView({ side, sweep, unit, measures }: StoredUnit): Content {
  return html`<p class="note">${side === undefined ? '' : `${side}: `}unit <code>${unit}</code> of sweep ${quoted(sweep)}; its report: <code>npx needlework report ${shellWord(sweep)}</code></p>
<dl class="traces">${measures.map(({ measure, origins }) => html`<div><dt>${RULES[measure].how}</dt>${originsView(origins, unit)}</div>`)}</dl>`;
}

/** A name as one word of a shell's command line. */
export const shellWord = (name: string): string => (/^[A-Za-z0-9._/-]+$/.test(name) ? name : `'${name.replaceAll("'", `'\\''`)}'`);
