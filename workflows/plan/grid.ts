/** The grid of a spec: its cells and baselines with their stages, from the spec alone. */
import { type Baseline, CellStage, type Condition, dataOf, type Task } from '../contracts/experiment.ts';
import type { CellsLeftOut } from '../contracts/selectors.ts';
import type { ModelSpec, SweepSpec, TaskSpec } from '../contracts/spec.ts';
import { cellId } from '../ids.ts';
import { lackingMaking } from '../tasks/lookup.ts';
import { type Place, selectorProblems, selectsStage } from './selecting.ts';

/** One task with one model, tuned in one way from one seed: the unit of the paper's tables. */
export interface Setting {
  task: TaskSpec;
  model: ModelSpec;
  /** How its cells are tuned; null: as the spec's own `train` says. */
  variant: string | null;
  /** Null where the sweep has one seed alone. */
  seed: number | null;
  /** The spec as it holds for what is tuned here: with this variant's `train` and this seed. */
  tuned: SweepSpec;
  /** Untuned models; the same in all settings of a task and model. */
  baselines: GridBaseline[];
  cells: GridCell[];
}

export interface GridBaseline {
  /** `task/model/baseline`. */
  id: string;
  baseline: Baseline;
  place: Place;
}

export interface GridCell {
  /** `task/model/condition`, then variant and seed where the sweep has several: the cell's name in progress, reports and failures. */
  id: string;
  condition: Condition;
  place: Place;
  /** In the order of the experiment. */
  stages: CellStage[];
  /** Why there can be no such cell; null for those that there are. */
  lacking: string | null;
}

/** Conditions that a task does not have in the paper. */
function lackingOf(task: Task, condition: Condition): string | null {
  const { kind, subset } = dataOf(condition);
  const lacking = lackingMaking(task, condition);
  if (lacking !== null) return lacking;
  if (task === 'summhay' && kind === 'limited') return 'SummHay Citation has no limited real data (paper, appendix C.1)';
  if (task === 'musique' && subset !== null) return 'MuSiQue has one limited subset, condition "limited" (paper, appendix C.1)';
  return null;
}

/** Stages that a stage reads, beside those of the real cell. */
export const RESTS_ON: Readonly<Record<CellStage, readonly CellStage[]>> = {
  dataset: [],
  train: ['dataset'],
  evaluate: ['train'],
  score: ['train'],
  mask: ['score'],
  patch: ['score'],
};

/** The settings that have anything to do, in the order of the spec: tasks, models, variants (none first), seeds. */
export function gridOf(spec: SweepSpec): Setting[] {
  return spec.tasks.flatMap((task) =>
    spec.models.flatMap((model) => {
      const baselines = spec.baselines.map((baseline) => baselineOf(task, model, baseline)).filter(({ place }) => !isLeftOut(spec, place, 'evaluate'));
      const settings = [null, ...(spec.variants ?? [])].flatMap((variant) =>
        (spec.seeds ?? [spec.seed]).map((seed): Setting => {
          const name = variant?.variant ?? null;
          const shown = (spec.seeds?.length ?? 1) > 1 ? seed : null;
          return {
            task,
            model,
            variant: name,
            seed: shown,
            tuned: { ...spec, seed, train: { ...spec.train, ...variant?.train } },
            baselines,
            cells: spec.conditions.map((condition) => cellOf(spec, { task: task.task, model: model.model, condition, variant: name, seed }, shown)).filter(({ stages, lacking }) => stages.length > 0 || lacking !== null),
          };
        }),
      );
      const worked = settings.filter(({ cells }) => cells.some(({ lacking }) => lacking === null));
      // Where there is none to be tuned, baselines and reasons stand alone.
      return worked.length > 0 ? worked : settings.slice(0, 1).filter(({ cells }) => cells.length + baselines.length > 0);
    }),
  );
}

function baselineOf({ task }: TaskSpec, { model }: ModelSpec, baseline: Baseline): GridBaseline {
  return { id: cellId({ task, model, condition: baseline }), baseline, place: { task, model, condition: baseline } };
}

function cellOf(spec: SweepSpec, place: Place & { condition: Condition }, seed: number | null): GridCell {
  const { task, model, condition, variant } = place;
  const lacking = lackingOf(task, condition);
  const stages = CellStage.options.filter((stage) => isPlanned(spec, condition, stage) && !isLeftOut(spec, place, stage));
  return {
    id: cellId({ task, model, condition, variant, seed }),
    condition,
    place,
    stages: lacking === null ? stages : [],
    // One that was left out anyway needs no reason.
    lacking: stages.length > 0 ? lacking : null,
  };
}

function isPlanned({ mask, patch }: SweepSpec, condition: Condition, stage: CellStage): boolean {
  if (stage === 'mask') return mask !== undefined;
  // Heads are patched from the real cell.
  if (stage === 'patch') return patch !== undefined && condition !== 'real';
  return true;
}

function isLeftOut({ leaveOut = [] }: { leaveOut?: CellsLeftOut | undefined }, place: Place, stage: CellStage): boolean {
  return selectsStage(leaveOut, place, stage);
}

/** Where each cell and baseline of a spec lies, by id. */
export function placesOf(spec: SweepSpec): Map<string, Place> {
  return new Map(gridOf(spec).flatMap(({ baselines, cells }) => [...baselines, ...cells].map(({ id, place }) => [id, place] as const)));
}

/** What is wrong with the grid of a spec that fits its schema; one line per problem. */
export function gridProblems(spec: SweepSpec): string[] {
  const leftOut = spec.leaveOut ?? [];
  const dimensions = {
    task: spec.tasks.map(({ task }) => task),
    model: spec.models.map(({ model }) => model),
    condition: [...spec.conditions, ...spec.baselines],
    variant: [null, ...(spec.variants ?? []).map(({ variant }) => variant)],
    seed: spec.seeds ?? [spec.seed],
  };
  const unknown = [...selectorProblems('leaveOut', leftOut, dimensions), ...selectorProblems('only', spec.only ?? [], dimensions), ...selectorProblems('force.stages', spec.force?.stages ?? [], dimensions)];
  if (unknown.length > 0) return unknown;
  const settings = gridOf(spec);
  if (settings.every(({ cells, baselines }) => cells.every(({ lacking }) => lacking !== null) && baselines.length === 0)) {
    return ['leaveOut: found everything left out, allowed: to leave at least one cell or baseline'];
  }
  const problems = settings.flatMap(({ task, cells }) => [...sameCells(spec, task, cells), ...brokenStages(cells, spec.conditions.includes('real'))]).filter((problem, index, all) => all.indexOf(problem) === index);
  return [...problems, ...nothingSelected(spec, settings)];
}

/** Filters that mean no stage of the grid. */
function nothingSelected({ only }: SweepSpec, settings: readonly Setting[]): string[] {
  if (only === undefined) return [];
  const stages = settings.flatMap(({ baselines, cells }) => [...baselines.map(({ place }) => ({ place, stages: ['evaluate'] })), ...cells]);
  return stages.some(({ place, stages: of }) => of.some((stage) => selectsStage(only, place, stage))) ? [] : ['only: found nothing of the grid selected, allowed: at least one stage that the sweep has'];
}

/** MDQA's limited subset under both its names. */
function sameCells({ tasks }: SweepSpec, task: TaskSpec, cells: readonly GridCell[]): string[] {
  const name = `limited-${task.limited}`;
  const both = ['limited', name].every((condition) => cells.some((cell) => cell.condition === condition && cell.lacking === null));
  return both ? [`tasks[${tasks.indexOf(task)}].limited: found "${task.limited}", allowed beside condition "${name}": another subset (or no condition "limited")`] : [];
}

/** Stages that are to run although one that they rest on is left out: each kind once, by the first cell of it. */
function brokenStages(cells: readonly GridCell[], hasReal: boolean): string[] {
  const real = cells.find(({ condition }) => condition === 'real');
  const broken = new Map<string, string>();
  const note = (id: string, stage: CellStage, missing: string) => {
    const kind = `${stage} ${missing}`;
    if (!broken.has(kind)) broken.set(kind, `leaveOut: found ${missing} left out, but not "${stage}" of ${id}, which rests on it; allowed: both or neither`);
  };
  for (const { id, stages } of cells) {
    for (const stage of stages) {
      for (const needed of RESTS_ON[stage]) if (!stages.includes(needed)) note(id, stage, `"${needed}"`);
      if (stage === 'patch' && hasReal && !real?.stages.includes('score')) note(id, stage, real === undefined ? 'the real cell' : '"score" of the real cell');
    }
  }
  return [...broken.values()];
}
