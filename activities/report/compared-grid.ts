/** One of the paper's tables as the paper lays it out, for the page and for LaTeX: rows × columns of numbers beside the sweep's own. */
import { columnsOf, SPEARMAN_ROW } from '#activities/analysis/index.ts';
import type { ComparedCell, ComparedTable } from '#workflows/contracts/report.ts';
import { fixed, signed } from './format.ts';

export interface GridRow {
  /** Heading over several rows; null where the table has none. */
  group: string | null;
  name: string;
  /** One for each column; null where the paper has no number. */
  cells: (ComparedCell | null)[];
}

/** What is to be known of numbers, by the mark that stands at them. */
export type Remarks = Map<string, string>;

export interface Grid {
  columns: string[];
  /** Rows in the paper's order, one list for each task in tables of several; below a recall table, its correlation. */
  bodies: GridRow[][];
  /** Marks are letters where ours is not there (the reason), figures where the paper contradicts itself; each text once. */
  remarks: { reasons: Remarks; notes: Remarks };
}

export const PAPER_MODELS: Readonly<Record<ComparedTable['paperModel'], string>> = { llama3: 'Llama-3-8B-Instruct', mistral: 'Mistral-7B-Instruct-v0.1' };

/** "Table 5, llama-3-8b" or "Table 14, llama-3-8b, all-modules". */
export const titleOf = ({ table, model, variant }: Pick<ComparedTable, 'table' | 'model' | 'variant'>): string => [`Table ${table}`, model, ...(variant === undefined ? [] : [variant])].join(', ');

/** The caption without the number that the title has. */
export const captionOf = ({ caption }: Pick<ComparedTable, 'caption'>): string => caption.replace(/^Table \d+: /, '');

/** Every number of the table at its place. */
export function gridOf({ cells }: Pick<ComparedTable, 'cells'>): Grid {
  const columns = columnsOf(cells);
  const rows = new Map<string, GridRow>();
  for (const cell of cells) {
    const key = JSON.stringify([cell.group, cell.row]);
    const row = rows.get(key) ?? { group: cell.group, name: cell.row, cells: columns.map(() => null) };
    row.cells[columns.indexOf(cell.column)] = cell;
    rows.set(key, row);
  }
  const bodies = Map.groupBy(rows.values(), ({ group, name }) => (name === SPEARMAN_ROW ? name : (group ?? '')));
  return { columns, bodies: [...bodies.values()], remarks: { reasons: remarks(cells.map(({ reason }) => reason), letter), notes: remarks(cells.map(({ note }) => note), (at) => String(at + 1)) } };
}

/** The marks at a number, e.g. `a` and `2`. */
export function marksOf({ reason, note }: ComparedCell, { remarks: { reasons, notes } }: Grid): { reason: string | null; note: string | null } {
  const markOf = (known: Remarks, text: string | null) => [...known].find(([, each]) => each === text)?.[0] ?? null;
  return { reason: markOf(reasons, reason), note: markOf(notes, note) };
}

/** Ours, the paper's and the difference with the decimals that the paper prints; a mean over seeds of whole numbers has one. */
export function numbersOf({ paper, ours, difference, digits }: ComparedCell): { paper: string; ours: string | null; difference: string | null } {
  const decimals = (value: number) => (digits === 0 && !Number.isInteger(value) ? 1 : digits);
  return {
    paper: fixed(paper, digits),
    ours: ours === null ? null : fixed(ours, decimals(ours)),
    difference: difference === null ? null : signed(difference, decimals(difference)),
  };
}

function remarks(texts: readonly (string | null)[], markAt: (at: number) => string): Remarks {
  return new Map([...new Set(texts.filter((text) => text !== null))].map((text, at) => [markAt(at), text]));
}

/** a, b, …, z, aa, ab, … */
function letter(at: number): string {
  const last = String.fromCharCode(97 + (at % 26));
  return at < 26 ? last : `${letter(Math.floor(at / 26) - 1)}${last}`;
}
