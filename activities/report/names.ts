/** Names of settings where only letters, digits, dots and hyphens may stand: ids in the page, names of files. */
import type { SettingResults } from '#workflows/contracts/report.ts';

type Named = Pick<SettingResults, 'task' | 'model' | 'variant' | 'seed'>;

/** `llama-3-8b`, `llama-3-8b-all-modules`, `llama-3-8b-seed-2`: model, variant and seed. */
export function modelSlug({ model, variant, seed }: Omit<Named, 'task'>): string {
  return [model, ...(variant === undefined ? [] : [variant]), ...(seed === undefined ? [] : [`seed-${seed}`])].join('-');
}

/** `mdqa-llama-3-8b`: a setting, among all of a sweep. */
export const settingSlug = (setting: Named): string => `${setting.task}-${modelSlug(setting)}`;
