/** The paper's tables beside the sweep's own figures, cell by cell. */
import { PAPER_TABLES, type PaperCell, type PaperModel, type PaperTable } from '#activities/paper/tables.ts';
import type { ComparedCell, ComparedTable, SettingCorrelations, SettingResults } from '#workflows/contracts/report.ts';
import type { SweepSpec } from '#workflows/contracts/spec.ts';
import { sourcesOf } from './cell-sources.ts';
import { correlations } from './correlations.ts';
import { mean } from './intervals.ts';
import { type Measured, ourValue, withoutTask } from './our-values.ts';
import { labels } from './table-labels.ts';

/** The paper's model that a sweep's model is held against: Mistral by its name, Llama 3 for all others. */
export const paperModelOf = (model: string): PaperModel => (/mistral/i.test(model) ? 'mistral' : 'llama3');

/**
 * Every table of the paper of which the sweep has at least one cell, per model and variant; what is missing has a reason. `correlated`:
 * the correlations of these settings, where they are known.
 */
export function compareWithPaper(spec: SweepSpec, settings: readonly SettingResults[], correlated: readonly SettingCorrelations[] = correlations(settings)): ComparedTable[] {
  const groups = [...new Set(settings.map(({ model, variant }) => JSON.stringify([model, variant ?? null])))].map((name) => JSON.parse(name) as [string, string | null]);
  return PAPER_TABLES.flatMap((paper) =>
    groups.flatMap(([model, variant]): ComparedTable[] => {
      const modules = spec.variants?.find((candidate) => candidate.variant === variant)?.train.targetModules ?? spec.train.targetModules;
      if (modules !== paper.modules) return [];
      const own = settings.filter((setting) => setting.model === model && (setting.variant ?? null) === variant);
      const paperModel = paperModelOf(model);
      const cells = paperCells(paper, paperModel).map((cell) => compareCell(paper, cell, { spec, settings: own, correlated }));
      if (cells.every(({ ours }) => ours === null)) return [];
      return [{ table: paper.table, caption: paper.caption, notes: paper.notes ?? [], model, paperModel, ...(variant !== null && { variant }), cells }];
    }),
  );
}

/** A table's numbers for one model, with the correlation that the caption of a recall table reports; Table 4 has the same again. */
function paperCells({ cells, modules, reportedSpearman }: PaperTable, model: PaperModel): PaperCell[] {
  const own = cells.filter((cell) => cell.model === model);
  const [first] = own;
  if (first === undefined || reportedSpearman === undefined) return own;
  const again = PAPER_TABLES.filter((table) => table.kind === 'spearman' && table.modules === modules).flatMap((table) => table.cells).find((cell) => cell.task === first.task && cell.model === model);
  return [...own, { measure: 'spearman', task: first.task, model, value: reportedSpearman, ...(again?.note !== undefined && { note: again.note }) }];
}

function compareCell(table: PaperTable, cell: PaperCell, measured: Measured): ComparedCell {
  const settings = measured.settings.filter(({ task }) => task === cell.task);
  const found = settings.map((setting) => ourValue(cell, setting, measured));
  const values = found.filter((value) => typeof value === 'number');
  const ours = values.length === 0 ? null : mean(values);
  const reason = ours !== null ? null : (found.find((value) => typeof value === 'string') ?? withoutTask(cell.task));
  return { ...labels(table, cell), paper: cell.value, ours, seeds: values.length, difference: ours === null ? null : ours - cell.value, reason, note: cell.note ?? null, from: settings.filter((_, at) => typeof found[at] === 'number').flatMap((setting) => sourcesOf(cell, setting, measured)) };
}
