/** The report over what there is of a sweep now, whoever made it and whether or not it still runs; pure. */
import type { ArtifactKey, Recipe } from '../contracts/artifacts.ts';
import type { ReportRequest } from '../contracts/requests.ts';
import type { StageState } from './decisions.ts';
import { artifactKey } from './keys.ts';
import { planSweep, type Unit, unitsOf } from './plan.ts';
import { rolesOf } from './report.ts';
import type { Fingerprints } from './recipes.ts';

/** Reasons that the sweep itself gave when it last ended. */
export type Reasons = Pick<ReportRequest, 'missing' | 'skipped'>;

/**
 * What a report has to be asked for so that it shows what there is. Where the sweep gave a reason for what is missing, and it is
 * still missing, the reason stands; else it is said which stages are not there. Over the same artifacts this is the request of the
 * sweep's own report.
 */
export function presentReport({ spec, fingerprints }: Pick<ReportRequest, 'spec' | 'fingerprints'>, states: ReadonlyMap<ArtifactKey, StageState>, last: Reasons = { missing: {}, skipped: {} }): ReportRequest {
  const whole = planSweep(spec, fingerprints as Fingerprints);
  const units = unitsOf(whole);
  const stateOf = (recipe: Recipe): StageState => states.get(artifactKey(recipe)) ?? { state: 'missing' };
  const isThere = (recipe: Recipe) => stateOf(recipe).state === 'finished';
  const absent = units.flatMap((unit) => rolesOf(unit).flatMap(([role, recipe]) => (isThere(recipe) ? [] : [role])));
  const gone = new Set(absent);
  const missing = Object.fromEntries(
    Object.entries(last.missing).filter(([name]) => gone.has(name) || units.some((unit) => unit.id === name && lacks(unit, isThere))),
  );
  const unexplained = Object.fromEntries(
    units.flatMap((unit): [string, string][] => {
      const lacking = Object.entries<Recipe>({ ...unit.stages }).filter(([stage, recipe]) => !isThere(recipe) && !(`${unit.id}: ${stage}` in missing));
      if (lacking.length === 0 || unit.id in missing) return [];
      return [[unit.id, last.skipped[unit.id] ?? [...Map.groupBy(lacking, ([, recipe]) => why(stateOf(recipe)))].map(([reason, of]) => `${of.map(([stage]) => stage).join(', ')}: ${reason}`).join('; ')]];
    }),
  );
  return { spec, fingerprints, absent, missing, skipped: { ...whole.skipped, ...unexplained } };
}

const lacks = (unit: Unit, isThere: (recipe: Recipe) => boolean) => Object.values<Recipe>({ ...unit.stages }).some((recipe) => !isThere(recipe));

function why(found: StageState): string {
  return found.state === 'outdated' ? `outdated (${[...new Set(found.inputs)].join(' and ')} made anew since, with other contents)` : 'not there yet';
}
