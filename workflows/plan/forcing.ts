/** What `force` of a spec means in a plan; pure. */
import type { ArtifactKey, Recipe } from '../contracts/artifacts.ts';
import { InvalidInput } from '../contracts/parse.ts';
import type { ForceSpec, ForcibleStage } from '../contracts/selectors.ts';
import type { SweepSpec } from '../contracts/spec.ts';
import { placesOf } from './grid.ts';
import { artifactKey } from './keys.ts';
import { type Plan, type SharedStages, type Unit, unitsOf } from './plan.ts';
import { type Place, selectsStage } from './selecting.ts';

type Selector = ForceSpec['stages'][number];
type Places = ReadonlyMap<string, Place>;

/** Names by which a spec forces what cells share. */
const SHARED_NAMES: Readonly<Record<keyof SharedStages, ForcibleStage>> = { source: 'source', corpus: 'source', base: 'base', ranking: 'rank', test: 'test', needles: 'write', passages: 'write' };

/** Stages of a plan that are forced, by key; `places`: where its units lie in the grid. */
export function forcedKeys(plan: Plan, { stages }: ForceSpec, places: Places): Set<ArtifactKey> {
  return new Set(unitsOf(plan).flatMap((unit) => forcedIn(unit, stages, places).map(artifactKey)));
}

function forcedIn(unit: Unit, selectors: readonly Selector[], places: Places): Recipe[] {
  const place = places.get(unit.id)!;
  // What cells share is forced only where it is named.
  const named = selectors.filter((selector) => typeof selector === 'string' || selector.stage !== undefined);
  const shared = Object.entries<Recipe>({ ...unit.shared }).filter(([role]) => selectsStage(named, place, SHARED_NAMES[role as keyof SharedStages]));
  const own = Object.entries<Recipe>({ ...unit.stages }).filter(([stage]) => selectsStage(selectors, place, stage));
  return [...shared, ...own].map(([, recipe]) => recipe);
}

/**
 * Refuses a `force` that names stages of which `run`, a part of the plan `whole`, has none: it would do nothing, and nobody would know.
 * @throws `InvalidInput`
 */
export function refuseIdleForce(run: Plan, whole: Plan, spec: SweepSpec): void {
  if (spec.force === undefined) return;
  const places = placesOf(spec);
  const has = (plan: Plan, selector: Selector) => unitsOf(plan).some((unit) => forcedIn(unit, [selector], places).length > 0);
  const problems = spec.force.stages.flatMap((selector, index) =>
    oneByOne(selector).flatMap((one) => {
      if (has(run, one)) return [];
      const why = has(whole, one) ? '"only" leaves it out of this run' : 'the sweep has none';
      const field = `force.stages[${index}]${typeof one === 'string' || one.stage === undefined ? '' : '.stage'}`;
      return [`${field}: found ${JSON.stringify(typeof one === 'string' ? one : (one.stage ?? one))}, but ${why}; allowed: ${allowedBy(one, run, places)}`];
    }),
  );
  if (problems.length > 0) throw new InvalidInput('the sweep spec', problems);
}

/** A selector for each stage that it names. */
function oneByOne(selector: Selector): Selector[] {
  if (typeof selector === 'string' || !Array.isArray(selector.stage)) return [selector];
  return selector.stage.map((stage) => ({ ...selector, stage }));
}

/** What there is in the run for the cells that a selector means. */
function allowedBy(selector: Selector, run: Plan, places: Places): string {
  const names = unitsOf(run).flatMap(({ id, shared, stages }) => {
    const has = [...Object.keys(shared).map((role) => SHARED_NAMES[role as keyof SharedStages]), ...Object.keys(stages)];
    return has.filter((stage) => selectsStage([typeof selector === 'string' ? stage : { ...selector, stage: stage as ForcibleStage }], places.get(id)!, stage));
  });
  return [...new Set(names)].map((name) => JSON.stringify(name)).join(', ') || 'cells of this run';
}
