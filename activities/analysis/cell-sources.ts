/** What each of a sweep's own numbers beside the paper's was computed from. Pure. */
import type { PaperCell } from '#activities/paper/tables.ts';
import type { Baseline, Condition } from '#workflows/contracts/experiment.ts';
import type { SettingResults } from '#workflows/contracts/report.ts';
import type { Measure, TraceRef } from '#workflows/contracts/trace.ts';
import { cellOf, type Measured } from './our-values.ts';
import { unitId } from './units.ts';

/** The measures behind `ourValue` of the same cell and setting; those of units that the setting has. */
export function sourcesOf(cell: PaperCell, setting: SettingResults, { spec, settings }: Measured): TraceRef[] {
  const of = (measure: Measure, by: Condition | Baseline, within = setting): TraceRef[] => {
    const named = within.baselines.find(({ baseline }) => baseline === by)?.baseline ?? cellOf(spec, within, by)?.condition;
    return named === undefined ? [] : [{ unit: unitId(within, named), measure }];
  };
  switch (cell.measure) {
    case 'f1':
    case 'heads':
      return of(cell.measure, cell.condition);
    case 'recall':
      return [...of('heads', cell.condition), ...of('heads', cell.against)];
    case 'meanIntersection':
    case 'meanComplement':
      return [...of('heads', cell.condition), ...of('heads', 'real')];
    case 'cosine': {
      const other = settings.find(({ task, seed }) => task === cell.againstTask && seed === setting.seed);
      return [...of('heads', 'real'), ...(other === undefined ? [] : of('heads', 'real', other))];
    }
    case 'spearman':
      return setting.cells.filter(({ heads, evaluation }) => heads !== null && evaluation !== null).flatMap(({ condition }) => [...of('overlap', condition), ...of('f1', condition)]);
    default:
      return of(cell.measure === 'original' && cell.condition === 'real' ? 'f1' : 'patching', cell.condition);
  }
}
