/** Names of a report's units, as the plan and Temporal have them. */
import type { Baseline, Condition } from '#workflows/contracts/experiment.ts';
import type { SettingResults } from '#workflows/contracts/report.ts';
import { cellId } from '#workflows/ids.ts';

/** Id of a cell or baseline of a setting. */
export function unitId({ task, model, variant, seed, baselines }: Pick<SettingResults, 'task' | 'model' | 'variant' | 'seed' | 'baselines'>, by: Condition | Baseline): string {
  // Baselines are the same in all settings of a task and model.
  const isBaseline = baselines.some(({ baseline }) => baseline === by);
  return cellId({ task, model, condition: by, ...(!isBaseline && { variant, seed }) });
}
