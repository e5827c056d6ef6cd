/** Which numbers the paper prints bold in its tables, and which of a sweep's own would be. Pure. */
import { PAPER_TABLES, type PaperTable } from '#activities/paper/tables.ts';
import type { ComparedCell, ComparedTable } from '#workflows/contracts/report.ts';
import { PATCHED_COLUMNS, SYNTHETIC_ROWS } from './table-labels.ts';

export interface BestValues {
  /** Cells whose number of the paper is best. */
  paper: ReadonlySet<ComparedCell>;
  /** Cells whose number of the sweep is best. */
  ours: ReadonlySet<ComparedCell>;
}

/** What is best of what, in words; null for tables in which the paper prints nothing bold. */
export function boldRule({ table }: Pick<ComparedTable, 'table'>): string | null {
  return RULES[kindOf(table)]?.text ?? null;
}

/**
 * The best values of a table, by the captions of the paper (`tables.json` has numbers alone, no type face):
 * - Tables 1 and 13 ("The results of training on the best synthetic datasets are bolded"): of each task, a column, the highest F1 of the
 *   rows with synthetic data. Real data, limited real data and models that were not tuned are no candidates, however high.
 * - Tables 3, 11 and 18 ("Best patch F1 is bolded"): of each row the highest of complement, intersection and random. The original F1
 *   is no candidate, however high.
 * - No other table has anything bold.
 *
 * Values count as printed, with the decimals of the paper: those that print alike are equally good, and all of them are bold. The
 * paper's numbers and the sweep's are judged apart. Of the sweep's, those that are there are judged; a number that is alone is best of nothing.
 */
export function bestValues({ table, cells }: Pick<ComparedTable, 'table' | 'cells'>): BestValues {
  const rule = RULES[kindOf(table)];
  const best = (value: (cell: ComparedCell) => number | null): Set<ComparedCell> => {
    if (rule === undefined) return new Set();
    const candidates = cells.flatMap((cell) => {
      const [among, own] = [rule.among(cell), value(cell)];
      return among === null || own === null ? [] : [{ cell, among, printed: Number(own.toFixed(cell.digits)) }];
    });
    const groups = [...Map.groupBy(candidates, ({ among }) => among).values()].filter(({ length }) => length > 1);
    return new Set(groups.flatMap((group) => {
      const highest = Math.max(...group.map(({ printed }) => printed));
      return group.filter(({ printed }) => printed === highest).map(({ cell }) => cell);
    }));
  };
  return { paper: best((cell) => cell.paper), ours: best((cell) => cell.ours) };
}

interface Rule {
  text: string;
  /** Name of the cells among which a cell may be best; null where it is no candidate. */
  among(cell: ComparedCell): string | null;
}

const RULES: Readonly<Partial<Record<PaperTable['kind'], Rule>>> = {
  f1_by_condition: { text: 'the best synthetic training data of each task', among: ({ row, column }) => (SYNTHETIC_ROWS.has(row) ? column : null) },
  patching: { text: 'the best of complement, intersection and random heads', among: ({ group, row, column }) => (PATCHED_COLUMNS.has(column) ? JSON.stringify([group, row]) : null) },
};

const kindOf = (table: number): PaperTable['kind'] => (PAPER_TABLES[table - 1] as PaperTable).kind;
