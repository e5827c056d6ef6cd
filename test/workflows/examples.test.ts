/** The specs of the whole study, real and in miniature: one DAG, of the size that the paper's grid has. */
import { describe, expect, it } from 'vitest';
import type { Recipe } from '#workflows/contracts/artifacts.ts';
import { parseSweepSpec } from '#workflows/contracts/parse.ts';
import { artifactKey, refOf } from '#workflows/plan/keys.ts';
import { planSweep, recipesOf, type Unit } from '#workflows/plan/plan.ts';
import { ANY_FINGERPRINTS, exampleSpec } from '../support/spec.ts';

/** Any file, by a hash of its own. */

const planned = (name: string) => {
  const spec = parseSweepSpec(exampleSpec(name));
  return { spec, plan: planSweep(spec, ANY_FINGERPRINTS) };
};

/** Distinct artifacts by stage. */
function artifacts(units: readonly Unit[]): Record<string, number> {
  const recipes = new Map(units.flatMap(recipesOf).map((recipe) => [artifactKey(recipe), recipe]));
  return Object.fromEntries([...Map.groupBy(recipes.values(), ({ stage }) => stage)].map(([stage, of]) => [stage, of.length]));
}

const KINDS = ['real', 'high/high', 'high/low', 'low/high', 'low/low', 'symbolic'];
const LIMITED = { mdqa: ['limited', 'limited-L2', 'limited-L3'], musique: ['limited'], summhay: [] };

describe.each(['paper.json', 'tiny-grid.json'])('examples/%s', (name) => {
  const { spec, plan } = planned(name);
  const [llama, mistral] = spec.models.map(({ model }) => model);

  it('has the cells of the paper: three tasks × two models × six conditions, limited real data, all modules of the first model', () => {
    const grid = (model: string | undefined, end: string) => Object.entries(LIMITED).flatMap(([task, limited]) => [...KINDS, ...limited].map((condition) => `${task}/${model}/${condition}${end}`));
    expect(new Set(plan.cells.map(({ id }) => id))).toEqual(new Set([...grid(llama, ''), ...grid(mistral, ''), ...grid(llama, '/all-modules')]));
    expect(plan.cells).toHaveLength(66);
    expect(plan.baselines).toHaveLength(12);
    expect(plan.skipped).toEqual({});
  });

  it('makes what cells share once', () => {
    const written = name === 'paper.json' ? { write: 10 } : {};
    // One dataset per model (its tokens count) and condition, and a test split per model and task.
    expect(artifacts([...plan.baselines, ...plan.cells])).toEqual({ source: 3, base: 2, dataset: 44 + 6, train: 66, evaluate: 66 + 12, score: 66, mask: 66, patch: 57, ...written });
  });

  it('rests everything on stages of its own plan', () => {
    const recipes = [...plan.baselines, ...plan.cells].flatMap(recipesOf);
    const made = new Set(recipes.map(artifactKey));
    for (const recipe of recipes) for (const { key } of Object.values(recipe.inputs)) expect(made.has(key)).toBe(true);
  });

  it('patches each cell from the real one that is tuned alike', () => {
    for (const { task, model, variant, condition, stages } of plan.cells) {
      const real = plan.cells.find((cell) => cell.task === task && cell.model === model && cell.variant === variant && cell.condition === 'real')!;
      if (condition === 'real') expect(stages.patch).toBeUndefined();
      else expect(stages.patch!.inputs.realAdapter).toEqual(refOf(real.stages.train as Recipe));
    }
  });
});

it('examples/paper.json says what the paper says', () => {
  const { spec } = planned('paper.json');
  expect(spec.tasks.map(({ contextTokens, examples: { total, validationShare } }) => [contextTokens, total, Math.round(total * validationShare)])).toEqual([[32_768, 1400, 140], [32_768, 400, 40], [32_768, 400, 40]]);
  expect(spec.models.map(({ ropeTheta, slidingWindow, dtype }) => [ropeTheta, slidingWindow, dtype])).toEqual([[6_315_088, undefined, 'bfloat16'], [59_300, 16_384, 'bfloat16']]);
  expect(spec.models.every(({ base }) => base.kind === 'hub')).toBe(true);
  expect(spec.train).toMatchObject({ loraRank: 8, loraAlpha: 8, batchSize: 1, accumulationSteps: 4, targetModules: 'attention' });
  expect(spec.mask).toMatchObject({ k: [10, 20, 50, 100], randomDraws: 3, mode: 'zero' });
});
