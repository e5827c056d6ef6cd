/** The part of a plan that one run is for, and what it makes anew: `only` and `force` of a spec. Pure. */
import type { ArtifactKey, Recipe } from '../contracts/artifacts.ts';
import type { CellStage } from '../contracts/experiment.ts';
import type { Sought } from '../contracts/requests.ts';
import type { SweepSpec } from '../contracts/spec.ts';
import { forcedKeys, refuseIdleForce } from './forcing.ts';
import { placesOf, RESTS_ON } from './grid.ts';
import { artifactKey, refOf } from './keys.ts';
import { type CellPlan, type Plan, realCellOf, recipesOf, type Unit, unitsOf } from './plan.ts';
import { selectsStage } from './selecting.ts';

/**
 * The plan of one run: the stages that `only` selects with those that they rest on, and marks on those that `force` does.
 * @throws `InvalidInput` where `force` names what this run does not have
 */
export function planRun(whole: Plan, spec: SweepSpec): Plan {
  const run = withOnly(whole, spec);
  refuseIdleForce(run, whole, spec);
  return withForce(run, whole, spec);
}

function withOnly(whole: Plan, spec: SweepSpec): Plan {
  const { only } = spec;
  if (only === undefined) return whole;
  const places = placesOf(spec);
  const wanted = new Map<string, Set<string>>();
  const want = (unit: Unit, stage: CellStage): void => {
    wanted.set(unit.id, (wanted.get(unit.id) ?? new Set()).add(stage));
    if (!('condition' in unit)) return;
    for (const needed of RESTS_ON[stage]) want(unit, needed);
    const real = stage === 'patch' ? realCellOf(whole, unit) : undefined;
    if (real !== undefined) want(real, 'score');
  };
  for (const unit of unitsOf(whole)) {
    for (const stage of Object.keys(unit.stages) as CellStage[]) if (selectsStage(only, places.get(unit.id)!, stage)) want(unit, stage);
  }
  const part = <T extends Unit>(unit: T): T => ({ ...unit, stages: Object.fromEntries(Object.entries(unit.stages).filter(([stage]) => wanted.get(unit.id)?.has(stage))) });
  return { ...whole, cells: whole.cells.filter(({ id }) => wanted.has(id)).map(part), baselines: whole.baselines.filter(({ id }) => wanted.has(id)).map(part) };
}

function withForce(plan: Plan, whole: Plan, spec: SweepSpec): Plan {
  const { force } = spec;
  if (force === undefined) return plan;
  const places = placesOf(spec);
  const keys = forcedKeys(plan, force, places);
  const outside = plan === whole ? new Set<ArtifactKey>() : new Set([...forcedKeys(whole, force, places)].filter((key) => !keys.has(key)));
  // A dataset is its cell's own, and others may be tuned on it, too.
  const marked = (cell: CellPlan): CellPlan => {
    const stages = Object.entries<Recipe>({ ...cell.stages }).flatMap(([stage, recipe]) => (keys.has(artifactKey(recipe)) ? [stage as CellStage] : []));
    return stages.length === 0 ? cell : { ...cell, force: { label: force.label, stages } };
  };
  return { ...plan, cells: plan.cells.map(marked), force: { label: force.label, keys, outside } };
}

/** The label under which a stage of the plan must have been made; undefined where any will do. */
export function forceOf({ force }: Pick<Plan, 'force'>, recipe: Recipe): string | undefined {
  return force?.keys.has(artifactKey(recipe)) ? force.label : undefined;
}

/** Everything to be looked up before a run, each artifact once: those of the whole plan, under the labels of the run's. */
export function soughtFor(whole: Plan, run: Plan, further: readonly Recipe[] = []): Sought[] {
  const recipes = [...unitsOf(whole).flatMap(recipesOf), ...further];
  const sought = new Map<ArtifactKey, Sought>();
  for (const recipe of recipes) {
    const force = forceOf(run, recipe);
    sought.set(artifactKey(recipe), { ...refOf(recipe), ...(force !== undefined && { force }) });
  }
  return [...sought.values()];
}
