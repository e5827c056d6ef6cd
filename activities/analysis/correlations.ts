/** How overlap of heads goes with F1 over a setting's cells (paper, Table 4 and Figure 4). */
import { type Condition, dataOf } from '#workflows/contracts/experiment.ts';
import { CorrelatedRows, type SettingCorrelations, type SettingResults } from '#workflows/contracts/report.ts';
import { spearman } from './correlation.ts';

/** Correlations of every setting, for each choice of rows. A cell without F1 or without the overlap does not enter; n says how many do. */
export function correlations(settings: readonly SettingResults[]): SettingCorrelations[] {
  return settings.flatMap((setting) => CorrelatedRows.options.map((rows) => correlationsOf(setting, rows)));
}

function correlationsOf({ task, model, variant, seed, cells }: SettingResults, rows: CorrelatedRows): SettingCorrelations {
  const entering = cells.filter(({ condition }) => enters(condition, rows));
  const withF1 = (overlap: 'recall' | 'cosine') => {
    const pairs = entering.flatMap(({ heads, evaluation }) => {
      const value = heads?.[overlap] ?? null;
      return value === null || evaluation === null ? [] : [[value, evaluation.f1.mean] as const];
    });
    return spearman(pairs.map(([value]) => value), pairs.map(([, f1]) => f1));
  };
  return { task, model, ...(variant !== undefined && { variant }), ...(seed !== undefined && { seed }), rows, recall: withF1('recall'), cosine: withF1('cosine') };
}

function enters(condition: Condition, rows: CorrelatedRows): boolean {
  const { kind } = dataOf(condition);
  if (rows === 'all') return true;
  return kind !== 'real' && (rows === 'withoutReal' || kind !== 'limited');
}
