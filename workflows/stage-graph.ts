/** What rests on what, by artifact key, over a whole plan; pure. */
import type { ArtifactKey, Recipe, Stage } from './contracts/artifacts.ts';
import { artifactKey } from './plan/keys.ts';
import { type Plan, recipesOf, unitsOf } from './plan/plan.ts';

export interface StageGraph {
  /** Keys of the inputs of every stage. */
  needs: ReadonlyMap<ArtifactKey, readonly ArtifactKey[]>;
  /** Every stage's recipe. */
  recipes: ReadonlyMap<ArtifactKey, Recipe>;
  /** Keys of a unit's own stages. */
  own: ReadonlyMap<string, ReadonlyMap<Stage, ArtifactKey>>;
}

export function stageGraph(plan: Plan): StageGraph {
  const units = unitsOf(plan);
  const recipes = new Map(units.flatMap(recipesOf).map((recipe) => [artifactKey(recipe), recipe] as const));
  return {
    needs: new Map([...recipes].map(([key, { inputs }]) => [key, Object.values(inputs).map((input) => input.key)] as const)),
    recipes,
    own: new Map(units.map(({ id, stages }) => [id, new Map((Object.values(stages) as Recipe[]).map((recipe) => [recipe.stage, artifactKey(recipe)] as const))])),
  };
}

/**
 * Whether any stage that is still to be made can be made while those of `blocked` cannot: neither it nor anything that it
 * rests on is among them.
 */
export function canGoOn({ needs }: Pick<StageGraph, 'needs'>, toBeMade: Iterable<ArtifactKey>, blocked: ReadonlySet<ArtifactKey>): boolean {
  const known = new Map<ArtifactKey, boolean>();
  const isHeldUp = (key: ArtifactKey): boolean => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const heldUp = blocked.has(key) || (needs.get(key) ?? []).some(isHeldUp);
    known.set(key, heldUp);
    return heldUp;
  };
  for (const key of toBeMade) if (!isHeldUp(key)) return true;
  return false;
}
