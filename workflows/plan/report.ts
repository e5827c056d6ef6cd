/** The recipe of a sweep's report, from its plan and what there is of it; pure. */
import type { Recipe } from '../contracts/artifacts.ts';
import type { SweepSpec } from '../contracts/spec.ts';
import { refOf } from './keys.ts';
import { type Plan, type Unit, unitsOf } from './plan.ts';
import { reportRecipe } from './recipes.ts';

/** The report of a sweep of which nothing is missing. */
export function completeReport(spec: SweepSpec, whole: Plan): Recipe {
  return reportOver(spec, whole, () => () => true, {}, whole.skipped);
}

/** The report over those stages that are there, with the reasons for what is missing. */
export function reportOver(spec: SweepSpec, whole: Plan, isThere: (unit: Unit) => (recipe: Recipe) => boolean, missing: Record<string, string>, skipped: Record<string, string>): Recipe {
  const inputs = Object.fromEntries(
    unitsOf(whole).flatMap((unit) => {
      const isHere = isThere(unit);
      return Object.entries<Recipe>({ ...unit.shared, ...unit.stages }).flatMap(([role, recipe]) => (isHere(recipe) ? [[`${unit.id}: ${role}`, refOf(recipe)] as const] : []));
    }),
  );
  // How it was run is no part of what came out.
  const { run: _run, only: _only, force: _force, ...experiment } = spec;
  return reportRecipe(experiment, inputs, missing, skipped);
}
