/** The state of a sweep as people see it: what each cell does, and what came out. Plain data and pure updates. */
import type { Recipe, StageResult } from './contracts/artifacts.ts';
import type { CellProgress, Failure, StageEvent, SweepProgress } from './contracts/progress.ts';
import type { BaselinePlan, CellPlan, Plan } from './plan/plan.ts';

export interface Board {
  status: SweepProgress['status'];
  cells: Map<string, CellProgress>;
  shared: Map<string, SweepProgress['shared'][number]>;
}

/** A board on which nothing has begun; baselines first, then cells, each in the order of the plan. */
export function newBoard({ baselines, cells }: Plan): Board {
  return {
    status: 'planning',
    cells: new Map([...baselines, ...cells].map((plan) => [plan.id, waiting(plan)])),
    shared: new Map(),
  };
}

function waiting(plan: CellPlan | BaselinePlan): CellProgress {
  return {
    id: plan.id,
    task: plan.task,
    model: plan.model,
    condition: 'condition' in plan ? plan.condition : plan.baseline,
    status: 'waiting',
    stage: null,
    stagesDone: 0,
    stagesTotal: Object.keys(plan.stages).length,
    stagesReused: 0,
    f1: null,
    retrievalHeads: null,
    workflowId: null,
    failure: null,
  };
}

/** A cell's stage began or ended. */
export function onStageEvent(board: Board, { cell: id, stage, state, reused, summary }: StageEvent): void {
  const cell = board.cells.get(id);
  if (cell === undefined) return;
  cell.stage = stage;
  if (state === 'running') {
    cell.status = 'running';
    return;
  }
  cell.stagesDone += 1;
  if (reused) cell.stagesReused += 1;
  if (cell.stagesDone === cell.stagesTotal) cell.status = 'done';
  if (stage === 'evaluate' && typeof summary.f1 === 'number') cell.f1 = summary.f1;
  if (stage === 'score' && typeof summary.retrievalHeads === 'number') cell.retrievalHeads = summary.retrievalHeads;
}

/** The stage of a cell was there already. */
export function onStageReused(board: Board, id: string, recipe: Recipe, { summary }: StageResult): void {
  onStageEvent(board, { cell: id, stage: recipe.stage, state: 'done', reused: true, summary });
}

export function onCellFailed(board: Board, id: string, failure: Failure): void {
  const cell = board.cells.get(id);
  if (cell === undefined) return;
  cell.status = 'failed';
  cell.failure = failure;
}

/** The answer to the `progress` query. */
export function progressOf(sweep: string, { status, cells, shared }: Board): SweepProgress {
  const all = [...cells.values()];
  const count = (wanted: CellProgress['status']) => all.filter((cell) => cell.status === wanted).length;
  const sharedDone = [...shared.values()].filter((stage) => stage.status === 'done');
  const done = sum(all, (cell) => cell.stagesDone) + sharedDone.length;
  const reused = sum(all, (cell) => cell.stagesReused) + sharedDone.filter((stage) => stage.reused).length;
  return {
    sweep,
    status,
    counts: { waiting: count('waiting'), running: count('running'), done: count('done'), failed: count('failed') },
    stages: { done, total: sum(all, (cell) => cell.stagesTotal) + shared.size, reused, ran: done - reused },
    shared: [...shared.values()],
    cells: all,
  };
}

/** The grid as a Markdown table, shown live on the sweep's page in the Temporal UI. */
export function boardMarkdown({ status, cells }: Board): string {
  const row = ({ task, model, condition, status: state, stage, stagesDone, stagesTotal, f1, retrievalHeads, failure }: CellProgress) =>
    `| ${task} | ${model} | ${condition} | ${failure ? `failed at ${failure.stage}` : state === 'running' ? `${stage}` : state} | ${stagesDone}/${stagesTotal} | ${f1 === null ? '' : f1.toFixed(2)} | ${retrievalHeads ?? ''} |`;
  return [`Sweep: **${status}**`, '', '| Task | Model | Condition | Status | Stages | F1 | Heads > 0 |', '|---|---|---|---|---|---|---|', ...[...cells.values()].map(row)].join('\n');
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0);
}
