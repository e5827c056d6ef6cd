/** A sentence of the summary, with the entries of the measures that its numbers were computed from. */
import type { Baseline, Condition } from '#workflows/contracts/experiment.ts';
import type { SettingResults } from '#workflows/contracts/report.ts';
import type { Measure } from '#workflows/contracts/trace.ts';
import { type EntryLink, measured } from './traces.ts';

export interface Finding {
  text: string;
  from: readonly EntryLink[];
}

/** The entries of one measure of several units of a setting. */
export const measuredOf = (setting: SettingResults, units: readonly (Condition | Baseline)[], measure: Measure): EntryLink[] => units.map((by) => measured(setting, by, measure));
