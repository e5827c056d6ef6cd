import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  ChildWorkflowFailure,
  executeChild,
  isCancellation,
  ParentClosePolicy,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { type Board, boardMarkdown, newBoard, onCellFailed, onStageEvent, onStageReused, progressOf } from './board.ts';
import { cell } from './cell.ts';
import type { Recipe, StageResult } from './contracts/artifacts.ts';
import { InvalidInput, parseSweepSpec } from './contracts/parse.ts';
import type { Failure, SweepProgress, SweepResult } from './contracts/progress.ts';
import type { FindResult } from './contracts/requests.ts';
import type { SweepSpec } from './contracts/spec.ts';
import { cellLabel, cellWorkflowId } from './ids.ts';
import { progress, stageEvent } from './messages.ts';
import { artifactKey } from './plan/keys.ts';
import { type BaselinePlan, type CellPlan, planSweep, refsOf } from './plan/plan.ts';
import type { Fingerprints } from './plan/recipes.ts';
import { POLICIES } from './policies.ts';
import { explained, runStage } from './stage.ts';
import { tellSweep } from './telling.ts';

const { findFinished } = proxyActivities<Activities>(POLICIES.lookup);
const { fingerprintInputs } = proxyActivities<Activities>(POLICIES.data);

/**
 * The whole experiment: plans the grid tasks × models × conditions of a spec, makes what cells share, fans out one `cell`
 * workflow per cell that is not finished yet, and writes the report over all that was made. Resuming rests on the artifacts:
 * a sweep started again runs only the stages whose artifacts are missing. A failed cell does not stop the others.
 */
export async function sweep(given: unknown): Promise<SweepResult> {
  const name = workflowInfo().workflowId;
  let board: Board = newBoard({ cells: [], baselines: [], skipped: {} });
  setHandler(progress, (): SweepProgress => progressOf(name, board));
  setHandler(stageEvent, (event) => {
    onStageEvent(board, event);
    setCurrentDetails(boardMarkdown(board));
  });

  try {
    return await runSweep(name, given, (next) => (board = next));
  } catch (error) {
    board.status = isCancellation(error) ? 'cancelled' : 'failed';
    setCurrentDetails(boardMarkdown(board));
    throw error;
  }
}

/** The sweep, told on a board that is shown with `show` once its cells are known. */
async function runSweep(name: string, given: unknown, show: (board: Board) => void): Promise<SweepResult> {
  const spec = validSpec(given);
  const fingerprints = await explained(fingerprintInputs(spec));
  const plan = planSweep(spec, fingerprints);
  const board = newBoard(plan);
  show(board);
  const finished = await explained(findFinished(refsOf([...plan.baselines, ...plan.cells])));
  board.status = 'running';

  const shared = sharedStages(board, finished, locationsOf(fingerprints));
  const failures: SweepResult['failures'] = [];
  const attempt = async (unit: CellPlan | BaselinePlan, work: () => Promise<void>) => {
    try {
      await shared(unit);
      if (!reuse(board, unit, finished)) await work();
    } catch (error) {
      // A cell that someone cancelled by itself is a failed one.
      if (CancellationScope.current().consideredCancelled) throw error;
      const failure = failureOf(error);
      failures.push({ cell: unit.id, ...failure });
      onCellFailed(board, unit.id, failure);
    }
    setCurrentDetails(boardMarkdown(board));
  };
  await allSettled([
    ...plan.baselines.map((unit) => attempt(unit, () => runBaseline(board, unit))),
    ...plan.cells.map((unit) => attempt(unit, () => runCell(board, name, unit))),
  ]);

  // In the order of the plan, whichever failed first.
  const order = [...board.cells.keys()];
  failures.sort((a, b) => order.indexOf(a.cell) - order.indexOf(b.cell));
  board.status = 'reporting';
  const { report, published } = await tellSweep(name, spec, plan, failures);
  board.status = 'done';
  const { cells, stages } = progressOf(name, board);
  setCurrentDetails(`${boardMarkdown(board)}\n\nReport: \`${published.reportFile}\``);
  return {
    sweep: name,
    status: failures.length === 0 ? 'complete' : 'partial',
    stagesRun: stages.ran + (report.reused ? 0 : 1),
    stagesReused: stages.reused + (report.reused ? 1 : 0),
    failures,
    report: { key: report.ref.key, file: published.reportFile, resultsFile: published.resultsFile },
    cells,
  };
}

/** Waits for all, then throws what the first failed one threw: a cancelled sweep ends after its cells have stopped. */
async function allSettled(work: Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(work)) if (outcome.status === 'rejected') throw outcome.reason;
}

function validSpec(given: unknown): SweepSpec {
  try {
    return parseSweepSpec(given);
  } catch (error) {
    if (error instanceof InvalidInput) throw ApplicationFailure.nonRetryable(error.message, 'InvalidSpec');
    throw error;
  }
}

/** Runs what cells share, each once, whichever cell asks first; the others wait for the same run. */
function sharedStages(board: Board, finished: FindResult, locations: Record<string, string>) {
  const runs = new Map<string, Promise<StageResult>>();
  const run = async (label: string, key: string, recipe: Recipe): Promise<StageResult> => {
    const entry = { name: label, status: 'running' as SweepProgress['shared'][number]['status'], reused: false };
    board.shared.set(key, entry);
    try {
      const result = finished[key] ?? (await runStage(label, recipe, locations));
      entry.status = 'done';
      entry.reused = result.reused;
      return result;
    } catch (error) {
      entry.status = 'failed';
      throw error;
    }
  };
  /** Everything that a cell shares with others, each stage after those it rests on. */
  return async ({ task, model, shared: { source, corpus, base, test } }: CellPlan | BaselinePlan): Promise<void> => {
    const inOrder = { 'source rows': source, ...(corpus && { corpus }), 'base model': base, 'test split': test };
    for (const [role, recipe] of Object.entries(inOrder)) {
      const key = artifactKey(recipe);
      const running = runs.get(key) ?? run(`${task} × ${model}: ${role}`, key, recipe);
      runs.set(key, running);
      await running;
    }
  };
}

/** Whether nothing is left to run for this unit; if so, the board takes its results from the artifacts. */
function reuse(board: Board, unit: CellPlan | BaselinePlan, finished: FindResult): boolean {
  const stages = Object.values(unit.stages) as Recipe[];
  const results = stages.map((recipe) => finished[artifactKey(recipe)]);
  if (!results.every((result) => result !== undefined)) return false;
  for (const [index, recipe] of stages.entries()) onStageReused(board, unit.id, recipe, results[index]!);
  return true;
}

async function runBaseline(board: Board, unit: BaselinePlan): Promise<void> {
  const { evaluate } = unit.stages;
  const event = { cell: unit.id, stage: evaluate.stage };
  onStageEvent(board, { ...event, state: 'running', reused: false, summary: {} });
  const { reused, summary } = await runStage(cellLabel({ ...unit, condition: unit.baseline }), evaluate);
  onStageEvent(board, { ...event, state: 'done', reused, summary });
}

async function runCell(board: Board, sweepId: string, unit: CellPlan): Promise<void> {
  const workflowId = cellWorkflowId(sweepId, unit.id);
  const entry = board.cells.get(unit.id);
  if (entry) {
    entry.workflowId = workflowId;
    entry.status = 'running';
  }
  await executeChild(cell, {
    workflowId,
    args: [unit],
    parentClosePolicy: ParentClosePolicy.TERMINATE,
    staticSummary: cellLabel(unit),
  });
}

function locationsOf(fingerprints: Fingerprints): Record<string, string> {
  return Object.fromEntries(Object.entries(fingerprints).map(([path, sha256]) => [sha256, path]));
}

/** What failed, in words: the cell's own message where a cell workflow failed. */
function failureOf(error: unknown): Failure {
  const cause = error instanceof ChildWorkflowFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) {
    return { stage: String(cause.details?.[0] ?? 'unknown'), type: cause.type ?? 'Error', message: cause.message };
  }
  if (cause instanceof CancelledFailure) return { stage: 'unknown', type: 'Cancelled', message: 'the cell was cancelled' };
  return { stage: 'unknown', type: 'Error', message: error instanceof Error ? error.message : String(error) };
}
