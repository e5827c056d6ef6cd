/**
 * Where what rests on several results comes from: sentences, correlations, figures. An entry for each, with links to the entries of
 * the measures behind it. Pure functions of the results.
 */
import type { SettingResults, SweepResults } from '#workflows/contracts/report.ts';
import { settingId } from '#workflows/ids.ts';
import { figureAnchor } from './figures/names.ts';
import type { FigureFile } from './figures/sheets.ts';
import { settingName } from './format.ts';
import { settingSlug } from './names.ts';
import { overall } from './overall.ts';
import { sharedTraces } from './shared-traces.ts';
import { findings } from './summary.ts';
import { correlationEntry, type EntryLink, measured } from './traces.ts';

export interface GroupedTrace {
  /** Id of its entry in the page. */
  id: string;
  /** The sentence itself, or what is shown. */
  what: string;
  from: readonly EntryLink[];
}

/** Entry of what the sweep is and how much of it is there. */
export const RUN_ANCHOR = 'from-run';
/** Entry of the head scores of all cells, any two of which can be held against each other. */
export const ANY_TWO_ANCHOR = 'from-any-two';
/** Entry of how well the advisor agrees with F1. */
export const ADVISOR_ANCHOR = 'from-advisor';

/** Id of the entry of a sentence by its place: of those of a setting, or of those over all settings. */
export const findingAnchor = (at: number, setting?: SettingResults): string => ['from-found', ...(setting === undefined ? [] : [settingSlug(setting)]), at + 1].join('-');

/** Entries of a setting's correlations, by its name in the advisor's table. */
export function advisorEntries({ settings }: Pick<SweepResults, 'settings'>): Map<string, EntryLink> {
  return new Map(settings.map((setting) => [settingId(setting), correlationEntry(setting)]));
}

/** Entries under their headings; a heading without any is left out. */
export function groupedTraces(results: SweepResults, figures: readonly FigureFile[]): { title: string; groups: GroupedTrace[] }[] {
  const { settings, advisor } = results;
  const sentences = (found: ReturnType<typeof findings>, setting?: SettingResults) => found.map(({ text, from }, at): GroupedTrace => ({ id: findingAnchor(at, setting), what: text, from }));
  const run: GroupedTrace = { id: RUN_ANCHOR, what: 'What was run, and how much of it is there: the spec, the artifacts that were found (Artifacts and their keys), and what all results share.', from: sharedTraces(results).map(({ id, name }) => ({ id, name })) };
  const agreement: GroupedTrace[] = advisor.settings.some(({ pairs }) => pairs > 0) ? [{ id: ADVISOR_ANCHOR, what: 'How well ranking by overlap agrees with F1: overlap and F1 of every candidate; real data, which they are compared with, is none.', from: settings.map(correlationEntry) }] : [];
  const scored = settings.flatMap((setting) => setting.cells.flatMap(({ condition, heads }) => (heads === null ? [] : [measured(setting, condition, 'heads')])));
  const anyTwo: GroupedTrace[] = settings.length > 1 && scored.length > 0 ? [{ id: ANY_TWO_ANCHOR, what: 'Any two cells, head by head: the scores of both.', from: scored }] : [];
  return [
    { title: 'The sweep as a whole', groups: [run, ...sentences(overall(results)), ...agreement, ...anyTwo] },
    ...settings.map((setting) => ({ title: `${settingName(setting)}: sentences and correlations`, groups: [...sentences(findings(setting), setting), ...correlationsOf(results, setting)] })),
    { title: 'Figures', groups: figures.map(({ name, sheet, from }) => ({ id: figureAnchor(name), what: `${sheet.title} (${name})`, from })) },
  ].filter(({ groups }) => groups.length > 0);
}

/** What a setting's correlations were computed from, whichever rows enter. */
function correlationsOf({ correlations }: SweepResults, setting: SettingResults): GroupedTrace[] {
  const { task, model, variant, seed, cells } = setting;
  if (!correlations.some((each) => each.task === task && each.model === model && each.variant === variant && each.seed === seed)) return [];
  const from = cells.filter(({ heads, evaluation }) => heads !== null && evaluation !== null).flatMap(({ condition }) => [measured(setting, condition, 'overlap'), measured(setting, condition, 'f1')]);
  return [{ id: correlationEntry(setting).id, what: 'Spearman’s rank correlation of recall, or cosine, with F1, its p and n: over these models, or those of them that the rows name.', from }];
}
