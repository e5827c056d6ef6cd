/** The sweeps of a store as a table in the terminal. Pure. */
import { oneLine, tableLines } from '#activities/report/table-lines.ts';
import type { SweepOverview } from '#activities/sweeps/overview.ts';

const COLUMNS = [{ head: 'Sweep' }, { head: 'Tasks' }, { head: 'Models' }, { head: 'Conditions', numeric: true }, { head: 'Cells', numeric: true }, { head: 'Finished', numeric: true }];

/** Lines of the table. `Finished` counts the cells that a sweep's last report shows finished. */
export function sweepsTable(sweeps: readonly SweepOverview[], where: string): string[] {
  if (sweeps.length === 0) return [`No sweep is known in ${where}.`];
  const readable = sweeps.filter(({ problem }) => problem === null);
  const rows = readable.map(({ sweep, tasks, models, conditions, cells, reported }) => [sweep, tasks.join(', '), models.join(', '), String(conditions.length), String(cells), reported === null ? 'no report yet' : String(reported)]);
  return [`Sweeps in ${where}:`, '', ...tableLines(COLUMNS, rows), ...sweeps.flatMap(({ sweep, problem }) => (problem === null ? [] : [`${oneLine(sweep)}: cannot be read: ${oneLine(problem)}`]))];
}
