/** The DAG that is run: the paper's grid of 36 cells as our planner makes it, with what cells share, patching across them, and the report. */
import type { Recipe } from '#workflows/contracts/artifacts.ts';
import { parseSweepSpec } from '#workflows/contracts/parse.ts';
import type { SweepSpecInput } from '#workflows/contracts/spec.ts';
import { artifactKey } from '#workflows/plan/keys.ts';
import { planSweep, recipesOf, unitsOf } from '#workflows/plan/plan.ts';
import { completeReport } from '#workflows/plan/report.ts';
import { ANY_FINGERPRINTS, exampleSpec } from '../../support/spec.ts';

export interface Node {
  id: string;
  inputs: string[];
}

/** 3 tasks × 2 models × 6 conditions; stages do no work, so nobody asks an LLM. */
export function gridSpec(): SweepSpecInput {
  const { variants: _variants, leaveOut: _leaveOut, ...paper } = exampleSpec('paper.json');
  return { ...paper, conditions: ['real', 'high/high', 'high/low', 'low/high', 'low/low', 'symbolic'], baselines: [], write: { provider: 'offline' } };
}


/** Every stage after those that it reads; the last one is the report. */
export function gridDag(): { cells: number; nodes: Node[] } {
  const spec = parseSweepSpec(gridSpec());
  const plan = planSweep(spec, ANY_FINGERPRINTS);
  const recipes = new Map([...unitsOf(plan).flatMap(recipesOf), completeReport(spec, plan)].map((recipe) => [artifactKey(recipe), recipe]));
  const nodes = new Map<string, Node>();
  const add = (recipe: Recipe): string => {
    const key = artifactKey(recipe);
    const before = nodes.get(key);
    if (before !== undefined) return before.id;
    const inputs = Object.values(recipe.inputs).map((input) => add(recipes.get(input.key)!));
    const id = `${recipe.stage}_${key.slice(0, 12)}`;
    nodes.set(key, { id, inputs: [...new Set(inputs)] });
    return id;
  };
  for (const recipe of recipes.values()) add(recipe);
  return { cells: plan.cells.length, nodes: [...nodes.values()] };
}
