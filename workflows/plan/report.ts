/** The recipe of a sweep's report, from its plan and what there is of it; pure. */
import type { Recipe } from '../contracts/artifacts.ts';
import type { ReportRequest } from '../contracts/requests.ts';
import type { SweepSpec } from '../contracts/spec.ts';
import { refOf } from './keys.ts';
import { type Plan, planSweep, type Unit, unitsOf } from './plan.ts';
import { type Fingerprints, reportRecipe } from './recipes.ts';

/** The report of a sweep of which nothing is missing. `whole` is the plan of the spec. */
export function completeReport(spec: ReportRequest['spec'], whole: Plan): Recipe {
  return reportOver({ spec, absent: [], missing: {}, skipped: whole.skipped }, whole);
}

/** The report that a request is about, planned anew. */
export function requestedReport(request: ReportRequest): Recipe {
  return reportOver(request, planSweep(request.spec, request.fingerprints as Fingerprints));
}

/** The report over those stages of the plan that are there, with the reasons for what is missing. */
export function reportOver({ spec, absent, missing, skipped }: Omit<ReportRequest, 'fingerprints'>, whole: Plan): Recipe {
  const gone = new Set(absent);
  const inputs = Object.fromEntries(
    unitsOf(whole).flatMap((unit) => rolesOf(unit).flatMap(([role, recipe]) => (gone.has(role) ? [] : [[role, refOf(recipe)] as const]))),
  );
  return reportRecipe(experimentOf(spec), inputs, missing, skipped);
}

/** How a sweep is run, and which part of it this time, is no part of what comes out. */
export function experimentOf({ run: _run, only: _only, force: _force, ...experiment }: SweepSpec): SweepSpec {
  return experiment;
}

/** Names of a unit's stages in a report (`mdqa/tiny/real: train`), those that it shares first. */
export function rolesOf(unit: Unit): [role: string, recipe: Recipe][] {
  return Object.entries<Recipe>({ ...unit.shared, ...unit.stages }).map(([role, recipe]) => [`${unit.id}: ${role}`, recipe]);
}
