/** Names of a report's units, as the plan and Temporal have them. */
import type { Baseline, Condition } from '#workflows/contracts/experiment.ts';
import type { SettingResults } from '#workflows/contracts/report.ts';

/** Id of a cell (`mdqa/tiny-llama/real`, then variant and `seed-N`) or baseline, as the plan has it (workflows/plan/grid.ts). */
export function unitId({ task, model, variant, seed, baselines }: Pick<SettingResults, 'task' | 'model' | 'variant' | 'seed' | 'baselines'>, by: Condition | Baseline): string {
  // Baselines are the same in all settings of a task and model.
  if (baselines.some(({ baseline }) => baseline === by)) return [task, model, by].join('/');
  return [task, model, by, ...(variant === undefined ? [] : [variant]), ...(seed === undefined ? [] : [`seed-${seed}`])].join('/');
}
