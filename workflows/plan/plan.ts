/** From a spec to the whole DAG of a sweep, every key known before anything has run. Pure. */
import type { ArtifactKey, ArtifactRef, Recipe } from '../contracts/artifacts.ts';
import type { Baseline, CellStage, Condition, Task } from '../contracts/experiment.ts';
import { InvalidInput } from '../contracts/parse.ts';
import type { ModelSpec, SweepSpec, TaskSpec } from '../contracts/spec.ts';
import { type GridBaseline, type GridCell, gridOf, type Setting } from './grid.ts';
import { artifactKey, refOf } from './keys.ts';
import { holdsRetrieved, writesRetrieved } from './rankings.ts';
import {
  baseRecipe,
  datasetRecipe,
  evaluateRecipe,
  type Fingerprints,
  maskRecipe,
  patchRecipe,
  rankRecipe,
  scoreRecipe,
  sourceRecipe,
  testRecipe,
  trainRecipe,
  writeRecipe,
} from './recipes.ts';
import { type Writing, writingsOf } from './writings.ts';

/** Stages that several cells rest on; made once, before the first cell that needs them. */
export interface SharedStages {
  source: Recipe;
  /** Source rows that the base is pretrained on, where the sweep makes its own base. */
  corpus?: Recipe;
  base: Recipe;
  /** Passages of the source's pool by question, where a stage of its own ranks them. */
  ranking?: Recipe;
  /** Where anything of the unit is asked the test questions. */
  test?: Recipe;
  /** Written needles and haystack, where the cell's condition has them. */
  needles?: Recipe;
  passages?: Recipe;
}

/** The stages of one cell, in the order of the experiment; those that the spec leaves out are absent, and so is what rests on them. */
export interface CellStages {
  dataset: Recipe;
  train?: Recipe;
  evaluate?: Recipe;
  score?: Recipe;
  mask?: Recipe;
  /** Rests on the real cell of the same task and model, too; the sweep runs it when both are scored. */
  patch?: Recipe;
}

/** One cell of the grid: task × model × condition, tuned in one way from one seed. */
export interface CellPlan {
  /** `task/model/condition`, then variant and seed where the sweep has several: the cell's name in progress, reports and failures. */
  id: string;
  task: Task;
  model: string;
  condition: Condition;
  /** Null: tuned as the spec's own `train` says. */
  variant: string | null;
  /** Null where the sweep has one seed alone. */
  seed: number | null;
  shared: SharedStages;
  stages: CellStages;
  /** Minutes between checkpoints of its training. */
  checkpointMinutes: number;
  /** Those of its own stages that are to be made anew in this run, unless they were under this label. */
  force?: { label: string; stages: CellStage[] };
}

/** What a cell's own workflow needs of it: not what it shares with others, which is there before it starts. */
export type CellWork = Omit<CellPlan, 'shared'>;

/** One untuned model on one task: predictions only. */
export interface BaselinePlan {
  id: string;
  task: Task;
  model: string;
  baseline: Baseline;
  shared: SharedStages;
  stages: { evaluate: Recipe };
}

/** What has stages of its own. */
export type Unit = CellPlan | BaselinePlan;

/** The whole DAG of a sweep. */
export interface Plan {
  cells: CellPlan[];
  baselines: BaselinePlan[];
  /** Cells of the grid that cannot exist, with the reason. */
  skipped: Record<string, string>;
  /** What is to be made anew in this run, unless it was under this label; `outside`: what would be, were it part of this run. */
  force?: { label: string; keys: ReadonlySet<ArtifactKey>; outside: ReadonlySet<ArtifactKey> };
}

/** Stages of all units of a task and model. */
type CommonStages = SharedStages & { test: Recipe };

/** Cells of one sweep: with many more, its result, and what one of its runs hands to the next, would be larger than a server takes (npm run bench -- scale). */
export const MOST_CELLS = 3_000;

/** What a condition's cells of a task and model have in common, however they are tuned. */
interface ConditionStages {
  written: Pick<SharedStages, 'needles' | 'passages'>;
  dataset: Recipe;
}

/**
 * Plans the grid of a spec, in the order of the spec. What cells share is one recipe object in all of them.
 * @throws `InvalidInput` where the grid is too large for one sweep
 */
export function planSweep(spec: SweepSpec, fingerprints: Fingerprints): Plan {
  const settings = gridOf(spec);
  refuseTooMany(settings);
  const common = new Map<string, CommonStages>();
  const commonOf = ({ task, model }: Setting): CommonStages => {
    const name = `${task.task}/${model.model}`;
    const stages = common.get(name) ?? commonStages(spec, task, model, fingerprints);
    common.set(name, stages);
    return stages;
  };
  const conditions = new Map<string, ConditionStages>();
  const baselines = settings.flatMap((setting) => setting.baselines.map((baseline) => planBaseline(setting, baseline, commonOf(setting))));
  return {
    // Those of a task and model are the same in all their settings.
    baselines: [...new Map(baselines.map((baseline) => [baseline.id, baseline])).values()],
    cells: settings.flatMap((setting) => {
      const planned = setting.cells.filter(({ lacking }) => lacking === null).map((cell) => ({ cell, plan: planCell(spec, setting, cell, commonOf(setting), conditions) }));
      const real = planned.find(({ cell }) => cell.condition === 'real')?.plan;
      return planned.map(({ cell, plan }) => (cell.stages.includes('patch') && real !== undefined ? withPatch(setting, plan, real, commonOf(setting)) : plan));
    }),
    skipped: Object.fromEntries(settings.flatMap(({ cells }) => cells.flatMap(({ id, lacking }) => (lacking === null ? [] : [[id, lacking] as const])))),
  };
}

function refuseTooMany(settings: readonly Setting[]): void {
  const found = settings.reduce((sum, { cells }) => sum + cells.length, 0);
  if (found > MOST_CELLS) throw new InvalidInput('the spec', [`tasks × models × conditions × variants × seeds: found ${found} cells, allowed: at most ${MOST_CELLS} in one sweep; share them out among several, which reuse each other's artifacts`]);
}

function commonStages(spec: SweepSpec, task: TaskSpec, model: ModelSpec, fingerprints: Fingerprints): CommonStages {
  const source = sourceRecipe(spec, task, fingerprints);
  const corpus = corpusOf(spec, model, fingerprints);
  const base = baseRecipe(spec, model, fingerprints, corpus === undefined ? null : refOf(corpus));
  const ranking = rankRecipe(task, refOf(source), fingerprints) ?? undefined;
  const test = testRecipe(spec, task, { source: refOf(source), base: refOf(base), ...(ranking && { ranking: refOf(ranking) }) });
  return { source, ...(corpus === undefined ? {} : { corpus }), base, ...(ranking && { ranking }), test };
}

function corpusOf(spec: SweepSpec, { base }: ModelSpec, fingerprints: Fingerprints): Recipe | undefined {
  if (base.kind !== 'pretrain') return undefined;
  const task = spec.tasks.find((candidate) => candidate.task === base.corpus);
  return task && sourceRecipe(spec, task, fingerprints);
}

function planBaseline({ task, model, tuned }: Setting, { id, baseline }: GridBaseline, shared: CommonStages): BaselinePlan {
  const inputs = { base: refOf(shared.base), test: refOf(shared.test) };
  return { id, task: task.task, model: model.model, baseline, shared, stages: { evaluate: evaluateRecipe(tuned, model, inputs, baseline === 'untuned-scaled') } };
}

/** `conditions` holds what was planned for other cells, by task, model and condition. */
function planCell(spec: SweepSpec, { task, model, variant, seed, tuned }: Setting, { id, condition, stages: asked }: GridCell, common: CommonStages, conditions: Map<string, ConditionStages>): CellPlan {
  const base = refOf(common.base);
  const name = `${task.task}/${model.model}/${condition}`;
  const ofCondition = conditions.get(name) ?? planCondition(spec, task, condition, common);
  conditions.set(name, ofCondition);
  const { written, dataset } = ofCondition;
  const { test, ...untested } = common;
  const has = (...stages: GridCell['stages']) => stages.some((stage) => asked.includes(stage));
  const train = trainRecipe(tuned, model, { base, dataset: refOf(dataset) });
  const score = scoreRecipe(tuned, model, { base, adapter: refOf(train), dataset: refOf(dataset) });
  return {
    id,
    task: task.task,
    model: model.model,
    condition,
    variant,
    seed,
    shared: { ...(has('evaluate', 'mask', 'patch') ? common : untested), ...written },
    stages: {
      dataset,
      ...(has('train') && { train }),
      ...(has('evaluate') && { evaluate: evaluateRecipe(tuned, model, { base, adapter: refOf(train), test: refOf(test) }) }),
      ...(has('score') && { score }),
      ...(has('mask') && tuned.mask && { mask: maskRecipe(tuned, task, model, tuned.mask, { base, adapter: refOf(train), scores: refOf(score), test: refOf(test) }) }),
    },
    checkpointMinutes: spec.train.checkpointMinutes,
  };
}

function planCondition(spec: SweepSpec, task: TaskSpec, condition: Condition, common: CommonStages): ConditionStages {
  const { source, base, ranking } = common;
  const written = writtenStages(spec, task, condition, common);
  const texts = Object.fromEntries(Object.entries(written).map(([role, recipe]) => [role, refOf(recipe)]));
  const ranked = ranking && holdsRetrieved(task.task, condition) ? { ranking: refOf(ranking) } : {};
  return { written, dataset: datasetRecipe(spec, task, condition, { source: refOf(source), base: refOf(base), ...ranked, ...texts }) };
}

/** The cell with its heads patched from the real cell of the same setting. */
function withPatch({ task, model, tuned }: Setting, cell: CellPlan, real: CellPlan, { base, test }: CommonStages): CellPlan {
  const { train, score } = cell.stages;
  const { train: realTrain, score: realScore } = real.stages;
  if (!tuned.patch || !train || !score || !realTrain || !realScore) return cell;
  const patch = patchRecipe(tuned, task, model, tuned.patch, {
    base: refOf(base),
    adapter: refOf(train),
    realAdapter: refOf(realTrain),
    scores: refOf(score),
    realScores: refOf(realScore),
    test: refOf(test),
  });
  return { ...cell, stages: { ...cell.stages, patch } };
}

const realCells = new WeakMap<readonly CellPlan[], ReadonlyMap<string, CellPlan>>();

/** The cell that a cell's heads are patched from. */
export function realCellOf({ cells }: Pick<Plan, 'cells'>, cell: CellPlan): CellPlan | undefined {
  const settingOf = ({ task, model, variant, seed }: CellPlan) => JSON.stringify([task, model, variant, seed]);
  const known = realCells.get(cells) ?? new Map(cells.filter(({ condition }) => condition === 'real').map((real) => [settingOf(real), real]));
  realCells.set(cells, known);
  return known.get(settingOf(cell));
}

/** The texts that a condition needs written; the miniature source writes its own as its datasets are built. */
function writtenStages(spec: SweepSpec, task: TaskSpec, condition: Condition, { source, ranking }: SharedStages): Pick<SharedStages, 'needles' | 'passages'> {
  const { write } = spec;
  if (task.source.kind === 'miniature' || write === undefined) return {};
  const { needles, passages } = writingsOf(task.task, condition);
  const written = (writing: Writing) => {
    const ranked = ranking && writesRetrieved(task.task, writing.what) ? { ranking: refOf(ranking) } : {};
    return writeRecipe(task, write, writing, { source: refOf(source), ...ranked }, spec.seed);
  };
  return { ...(needles && { needles: written(needles) }), ...(passages && { passages: written(passages) }) };
}

/** Keys of the datasets that several cells are tuned on: in other ways, or from other seeds. */
export function sharedDatasets({ cells }: Plan): ReadonlySet<ArtifactKey> {
  const seen = new Set<ArtifactKey>();
  return new Set(cells.map(({ stages: { dataset } }) => artifactKey(dataset)).filter((key) => seen.has(key) || !seen.add(key)));
}

/** Everything with stages of its own, in the order of the plan. */
export function unitsOf({ baselines, cells }: Pick<Plan, 'baselines' | 'cells'>): Unit[] {
  return [...baselines, ...cells];
}

/** Every recipe that a cell or baseline rests on or makes, shared ones first. */
export function recipesOf({ shared, stages }: Unit): Recipe[] {
  return [...Object.values(shared), ...Object.values(stages)] as Recipe[];
}

/** The artifacts of units of the plan, each once. */
export function refsOf(units: readonly Unit[]): ArtifactRef[] {
  const refs = units.flatMap(recipesOf).map(refOf);
  return [...new Map(refs.map((ref) => [ref.key, ref])).values()];
}
