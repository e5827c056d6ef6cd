/** The compared tables as files, one of each kind per table: CSV for programs (a line for each number), LaTeX to paste. */
import type { ComparedTable, SweepResults } from '#workflows/contracts/report.ts';
import { visible } from './escape.ts';
import { latexTables } from './latex.ts';

/** Folder of the files, beside the page. */
export const TABLES_FOLDER = 'tables';
const HEAD = ['table', 'model', 'variant', 'paper_model', 'group', 'row', 'column', 'paper', 'ours', 'difference', 'seeds', 'reason', 'note'];

/** Where a table's file lies beside the page: `tables/table-05.csv`. All models and variants share it. */
export const tableFile = ({ table }: Pick<ComparedTable, 'table'>, ending: 'csv' | 'tex'): string => `${TABLES_FOLDER}/table-${String(table).padStart(2, '0')}.${ending}`;

/** Names and contents: `tables/table-05.csv`, `tables/table-05.tex`, …; the same tables give the same bytes. */
export function tableFiles({ citation, tables }: SweepResults['paper']): [string, string][] {
  return [...Map.groupBy(tables, ({ table }) => table)].flatMap(([table, parts]): [string, string][] => [
    [tableFile({ table }, 'csv'), csv(parts)],
    [tableFile({ table }, 'tex'), latexTables(parts, citation)],
  ]);
}

function csv(parts: readonly ComparedTable[]): string {
  const lines = parts.flatMap(({ table, model, variant, paperModel, cells }) =>
    cells.map(({ group, row, column, paper, ours, seeds, difference, reason, note }) => [table, model, variant ?? '', paperModel, group ?? '', row, column, paper, ours ?? '', difference ?? '', seeds, reason ?? '', note ?? '']),
  );
  return `${[HEAD, ...lines].map((line) => line.map(field).join(',')).join('\r\n')}\r\n`;
}

/** RFC 4180, and no text that a spreadsheet would take for a formula. */
function field(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const text = visible(value).replace(/^[=+\-@\t]/, "'$&");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
