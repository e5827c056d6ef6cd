/** From a spec to the whole DAG of a sweep, every key known before anything has run. Pure. */
import type { ArtifactRef, Recipe } from '../contracts/artifacts.ts';
import type { Baseline, Condition, Task } from '../contracts/experiment.ts';
import type { ModelSpec, SweepSpec, TaskSpec } from '../contracts/spec.ts';
import { refOf } from './keys.ts';
import {
  baseRecipe,
  datasetRecipe,
  evaluateRecipe,
  type Fingerprints,
  maskRecipe,
  scoreRecipe,
  sourceRecipe,
  testRecipe,
  trainRecipe,
} from './recipes.ts';

/** Stages that several cells rest on; made once, before the first cell that needs them. */
export interface SharedStages {
  source: Recipe;
  /** Source rows that the base is pretrained on, where the sweep makes its own base. */
  corpus?: Recipe;
  base: Recipe;
  test: Recipe;
}

/** The stages of one cell, in the order of the experiment. */
export interface CellStages {
  dataset: Recipe;
  train: Recipe;
  evaluate: Recipe;
  score: Recipe;
  mask?: Recipe;
}

/** One cell of the grid (task × model × condition). */
export interface CellPlan {
  /** `task/model/condition`: the cell's name in progress, reports and failures. */
  id: string;
  task: Task;
  model: string;
  condition: Condition;
  shared: SharedStages;
  stages: CellStages;
}

/** One untuned model on one task: predictions only. */
export interface BaselinePlan {
  id: string;
  task: Task;
  model: string;
  baseline: Baseline;
  shared: SharedStages;
  stages: { evaluate: Recipe };
}

export interface Plan {
  cells: CellPlan[];
  baselines: BaselinePlan[];
  /** Cells of the grid that cannot exist, with the reason. */
  skipped: Record<string, string>;
}

/** Conditions that a task does not have in the paper. */
const LACKING: Partial<Record<Task, Partial<Record<Condition, string>>>> = {
  summhay: { limited: 'SummHay Citation has no limited real data (paper, appendix C.1)' },
};

/** Plans the grid tasks × models × (baselines, conditions), in the order of the spec. */
export function planSweep(spec: SweepSpec, fingerprints: Fingerprints): Plan {
  const grid = spec.tasks.flatMap((task) => spec.models.map((model) => ({ task, model, shared: sharedStages(spec, task, model, fingerprints) })));
  return {
    baselines: grid.flatMap(({ task, model, shared }) => spec.baselines.map((baseline) => planBaseline(spec, task, model, baseline, shared))),
    cells: grid.flatMap(({ task, model, shared }) =>
      spec.conditions.filter((condition) => LACKING[task.task]?.[condition] === undefined).map((condition) => planCell(spec, task, model, condition, shared)),
    ),
    skipped: Object.fromEntries(
      grid.flatMap(({ task: { task }, model: { model } }) =>
        spec.conditions.flatMap((condition) => {
          const reason = LACKING[task]?.[condition];
          return reason === undefined ? [] : [[cellId(task, model, condition), reason] as const];
        }),
      ),
    ),
  };
}

function sharedStages(spec: SweepSpec, task: TaskSpec, model: ModelSpec, fingerprints: Fingerprints): SharedStages {
  const source = sourceRecipe(spec, task, fingerprints);
  const corpus = corpusOf(spec, model, fingerprints);
  const base = baseRecipe(spec, model, fingerprints, corpus === undefined ? null : refOf(corpus));
  const test = testRecipe(spec, task, { source: refOf(source), base: refOf(base) });
  return { source, ...(corpus === undefined ? {} : { corpus }), base, test };
}

function corpusOf(spec: SweepSpec, { base }: ModelSpec, fingerprints: Fingerprints): Recipe | undefined {
  if (base.kind !== 'pretrain') return undefined;
  const task = spec.tasks.find((candidate) => candidate.task === base.corpus);
  return task && sourceRecipe(spec, task, fingerprints);
}

function planBaseline(spec: SweepSpec, task: TaskSpec, model: ModelSpec, baseline: Baseline, shared: SharedStages): BaselinePlan {
  const inputs = { base: refOf(shared.base), test: refOf(shared.test) };
  return {
    id: `${task.task}/${model.model}/${baseline}`,
    task: task.task,
    model: model.model,
    baseline,
    shared,
    stages: { evaluate: evaluateRecipe(spec, model, inputs, baseline === 'untuned-scaled') },
  };
}

function planCell(spec: SweepSpec, task: TaskSpec, model: ModelSpec, condition: Condition, shared: SharedStages): CellPlan {
  const base = refOf(shared.base);
  const test = refOf(shared.test);
  const dataset = datasetRecipe(spec, task, condition, { source: refOf(shared.source), base });
  const train = trainRecipe(spec, model, { base, dataset: refOf(dataset) });
  const adapter = refOf(train);
  const score = scoreRecipe(spec, model, { base, adapter, dataset: refOf(dataset) });
  return {
    id: cellId(task.task, model.model, condition),
    task: task.task,
    model: model.model,
    condition,
    shared,
    stages: {
      dataset,
      train,
      evaluate: evaluateRecipe(spec, model, { base, adapter, test }),
      score,
      ...(spec.mask && { mask: maskRecipe(spec, task, model, spec.mask, { base, adapter, scores: refOf(score), test }) }),
    },
  };
}

/** The cell's name in progress, reports and failures. */
function cellId(task: Task, model: string, condition: Condition): string {
  return `${task}/${model}/${condition}`;
}

/** Every recipe that a cell or baseline rests on or makes, shared ones first. */
export function recipesOf({ shared, stages }: CellPlan | BaselinePlan): Recipe[] {
  return [...Object.values(shared), ...Object.values(stages)] as Recipe[];
}

/** The artifacts of units of the plan, each once. */
export function refsOf(units: readonly (CellPlan | BaselinePlan)[]): ArtifactRef[] {
  const refs = units.flatMap(recipesOf).map(refOf);
  return [...new Map(refs.map((ref) => [ref.key, ref])).values()];
}
