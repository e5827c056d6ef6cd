/** What becomes of every stage of a sweep, from what there is; pure. */
import type { ArtifactKey, Recipe, StageResult } from '../contracts/artifacts.ts';
import { artifactKey } from './keys.ts';
import { type Plan, recipesOf, unitsOf } from './plan.ts';

/**
 * Of the stages that were found finished those that stay so: what rests on a stage that is yet to be made is looked at again when
 * that is done, and made anew if its contents have changed.
 */
export function settled(plan: Plan, found: Readonly<Record<ArtifactKey, StageResult>>, further: readonly Recipe[] = []): Record<ArtifactKey, StageResult> {
  const recipes = recipesByKey(plan, further);
  const known = new Map<ArtifactKey, boolean>();
  const isSettled = (key: ArtifactKey): boolean => {
    const before = known.get(key);
    if (before !== undefined) return before;
    const settledNow = found[key] !== undefined && Object.values(recipes.get(key)?.inputs ?? {}).every((input) => !recipes.has(input.key) || isSettled(input.key));
    known.set(key, settledNow);
    return settledNow;
  };
  return Object.fromEntries(Object.entries(found).filter(([key]) => isSettled(key)));
}

function recipesByKey(plan: Plan, further: readonly Recipe[]): Map<ArtifactKey, Recipe> {
  return new Map([...unitsOf(plan).flatMap(recipesOf), ...further].map((recipe) => [artifactKey(recipe), recipe]));
}

/** What was found of a stage. */
export type StageState = { state: 'missing' | 'finished' | 'forced' } | { state: 'outdated'; inputs: string[] };

/** What a run does with a stage, and why. */
export interface Decision {
  does: 'reuse' | 'make' | 'check' | 'leave';
  why: string;
}

/**
 * What `run`, a part of the plan `whole`, does with each stage, by key. `check`: made only if what it rests on comes out with
 * other contents.
 */
export function decisions(whole: Plan, run: Plan, states: ReadonlyMap<ArtifactKey, StageState>): Map<ArtifactKey, Decision> {
  const recipes = recipesByKey(whole, []);
  const inRun = recipesByKey(run, []);
  const decided = new Map<ArtifactKey, Decision>();
  const decide = (key: ArtifactKey, recipe: Recipe): Decision => {
    const before = decided.get(key);
    if (before !== undefined) return before;
    const decision = decisionOn(key, recipe);
    decided.set(key, decision);
    return decision;
  };
  const decisionOn = (key: ArtifactKey, recipe: Recipe): Decision => {
    const found = states.get(key) ?? { state: 'missing' };
    const why = reasonToMake(found, run.force?.label);
    if (why !== null) return inRun.has(key) ? { does: 'make', why } : { does: 'leave', why: `${why}, but not part of this run (only)` };
    const remade = Object.values(recipe.inputs).flatMap((input) => {
      const upstream = recipes.get(input.key);
      return upstream !== undefined && ['make', 'check'].includes(decide(input.key, upstream).does) ? [input.stage] : [];
    });
    if (remade.length === 0) return { does: 'reuse', why: run.force?.outside.has(key) ? `there, and not forced (${run.force.label}), since it is not part of this run (only)` : 'there' };
    return inRun.has(key) ? { does: 'check', why: `there, made anew if ${[...new Set(remade)].join(' or ')} comes out different` } : { does: 'leave', why: `there, but ${[...new Set(remade)].join(' and ')} may come out different, and it is not part of this run (only)` };
  };
  for (const [key, recipe] of recipes) decide(key, recipe);
  return decided;
}

function reasonToMake(found: StageState, label: string | undefined): string | null {
  switch (found.state) {
    case 'finished':
      return null;
    case 'missing':
      return 'missing';
    case 'forced':
      return `forced (${label})`;
    case 'outdated':
      return `outdated (${[...new Set(found.inputs)].join(' and ')} made anew since, with other contents)`;
  }
}
