import type { Recipe } from '#workflows/contracts/artifacts.ts';
import { artifactKey } from '#workflows/plan/keys.ts';

/** Which condition a recipe is of, for recipes that follow from a dataset. Ask of every stage as it comes: what a stage rests on tells. */
export function conditionsOf() {
  const seen = new Map<string, unknown>();
  return (recipe: Recipe): unknown => {
    const condition = recipe.stage === 'dataset' ? recipe.params.condition : Object.values(recipe.inputs).map(({ key }) => seen.get(key)).find((found) => found !== undefined);
    if (recipe.inputs.dataset || recipe.inputs.adapter || recipe.params.splits === 'train') seen.set(artifactKey(recipe), condition);
    return recipe.stage === 'base' || recipe.stage === 'source' ? undefined : condition;
  };
}
