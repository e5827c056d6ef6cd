/** Running the units of a sweep (cells and baselines) and patching; what fails waits for a person, and stops nobody else. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { isCancellation, ParentClosePolicy, sleep, startChild } from '@temporalio/workflow';
import { MADE_ANEW } from './advance-text.ts';
import { attributesOfCell } from './attributes.ts';
import { hasFinished, onCellEnded, onCellStarted, onFailureRetried, onNotMadeAnew, onStageEvent, onStageGivenUp, onStageReused, onUnitBlocked, onUnitGivenUp } from './board.ts';
import { cell } from './cell.ts';
import type { Recipe } from './contracts/artifacts.ts';
import type { Failure } from './contracts/progress.ts';
import { failureOf, givenUpIn, type Verdict } from './failures.ts';
import { findAll } from './finding.ts';
import { cellLabel, cellWorkflowId } from './ids.ts';
import { lackingForPatch } from './patching.ts';
import { forceOf } from './plan/filters.ts';
import { artifactKey } from './plan/keys.ts';
import { type BaselinePlan, type CellPlan, realCellOf, refsOf, type Unit, unitsOf } from './plan/plan.ts';
import { OLD_CHILD_CLOSES } from './policies.ts';
import { runStage } from './stage.ts';
import { startCancellable } from './steering/cancellable.ts';
import type { Part } from './stopped-parts.ts';
import type { SweepRun } from './sweep-run.ts';

/** A cell with all that it rests on, patching aside. */
export async function runCell(run: SweepRun, unit: CellPlan): Promise<void> {
  const blocked = run.stopped.of(unit.id, '');
  const asBefore = blocked?.state === 'in its workflow' ? () => runCellWorkflow(run, unit, blocked.failures) : undefined;
  await onShared(run, unit, cellLabel(unit), () => runCellWorkflow(run, unit), asBefore);
}

export async function runBaseline(run: SweepRun, unit: BaselinePlan): Promise<void> {
  const label = labelOf(unit);
  await onShared(run, unit, label, () => runOwnStage(run, unit.id, label, unit.stages.evaluate));
}

/** Patches a cell where that is planned, as soon as it can be; else notes why it never can. */
export async function runPatch(run: SweepRun, unit: CellPlan): Promise<void> {
  const { patch } = unit.stages;
  const real = realCellOf(run.plan, unit);
  if (patch === undefined || real === undefined) return;
  const there = run.finished[artifactKey(patch)];
  if (there !== undefined) {
    onStageReused(run.board, unit.id, patch, there);
    return;
  }
  if (unit.id in run.unpatched) return onStageGivenUp(run.board, unit.id, 'patch');
  await steadily(run, unit, cellLabel(unit), 'patch', async (again) => {
    const lacking = await lackingForPatch(run.board, unit, real);
    if (lacking === null) {
      if (again) await remakeLost(run, [real, unit]);
      return run.desk.patches.hold(unit.id, () => runOwnStage(run, unit.id, cellLabel(unit), patch));
    }
    run.unpatched[unit.id] = lacking;
    onStageGivenUp(run.board, unit.id, 'patch');
  });
}

/** Makes what the unit shares with others, and then the unit, unless all of it is there already. `asBefore`: what it does instead at first, where it has what it shares, and was blocked. */
async function onShared(run: SweepRun, unit: Unit, label: string, work: () => Promise<void>, asBefore?: () => Promise<void>): Promise<void> {
  await steadily(run, unit, label, '', async (again) => {
    // Who waits for a person has no slot; it takes one as it goes on.
    if (!again && asBefore !== undefined) return asBefore().finally(() => run.desk.slots.leave(unit.id));
    await (again ? run.shared.remake(unit) : run.shared.make(unit));
    if (reuse(run, unit)) return;
    await run.desk.slots.hold(unit.id, work);
  });
}

/** Runs `work` until it is done or given up: what fails in it waits for a person's word. `part` tells parts of a unit apart. */
async function steadily(run: SweepRun, unit: Unit, label: string, part: Part, work: (again: boolean) => Promise<void>): Promise<void> {
  const { board, desk, stopped: stops } = run;
  const before = stops.of(unit.id, part);
  if (before?.state === 'given up') return;
  /** Whether a person has it tried again; if not, it is given up. */
  const isTriedAgain = async (waiting: readonly Failure[], news = waiting): Promise<boolean> => {
    stops.set(unit.id, part, { state: 'parked', failures: waiting });
    const verdict = await desk.verdictOn(unit.id, news, part).catch((cancelled: unknown) => {
      if (desk.cancelled) throw cancelled;
      return desk.wordOn(unit.id) ?? 'skip';
    });
    stops.delete(unit.id, part);
    if (verdict !== 'retry') giveUp(run, unit.id, part, waiting, verdict);
    else for (const failure of waiting) onFailureRetried(board, unit.id, failure);
    run.changed();
    return verdict === 'retry';
  };
  if (desk.ending && !run.begun.has(unit.id)) return stop(run, unit.id, label, part, 'finish');
  await desk.inScope(unit.id, part, async () => {
    const wasParked = before?.state === 'parked';
    if (wasParked && !(await isTriedAgain(before.failures, []))) return;
    for (let again = wasParked; ; again = true) {
      try {
        return await work(again);
      } catch (error) {
        if (desk.cancelled) throw error;
        const inCell = givenUpIn(error);
        if (inCell !== null) return giveUp(run, unit.id, part, inCell.failures, inCell.by);
        const word = desk.wordOn(unit.id);
        if (word !== null && isCancellation(error)) return stop(run, unit.id, label, part, word);
        const failure = failureOf(error, label);
        if (run.healing.takes(unit.id, failure)) continue;
        onUnitBlocked(board, unit.id, failure);
        run.changed();
        if (!(await isTriedAgain([failure]))) return;
      } finally {
        run.changed();
      }
    }
  });
}

/** What a person has stopped, and has not ended yet, is given up: the end of the run of the sweep, which follows, ends it. */
export function giveUpWhatStops(run: SweepRun): void {
  for (const unit of unitsOf(run.plan)) {
    const word = run.desk.wordOn(unit.id);
    if (word !== null) for (const part of run.desk.stopping(unit.id)) stop(run, unit.id, labelOf(unit), part, word);
  }
}

function giveUp({ board, failures, stopped: stops }: SweepRun, id: string, part: Part, given: readonly Failure[], by: Exclude<Verdict, 'retry'>): void {
  stops.set(id, part, { state: 'given up', failures: given });
  failures.push(...given.map((failure) => ({ cell: id, ...failure })));
  onUnitGivenUp(board, id, given, by === 'skip' ? 'skipped' : 'failed');
}

/** The same of what a person stopped. Of a cell that was not even scored there is nothing to say about its patching. */
function stop(run: SweepRun, id: string, label: string, part: Part, word: Exclude<Verdict, 'retry'>): void {
  if (part === '' || hasFinished(run.board, id, 'score')) giveUp(run, id, part, [stopped(run, id, label, part, word)], word);
  else run.stopped.set(id, part, { state: 'given up', failures: [] });
}

/** Why a unit, or its patching, ended that a person stopped. */
function stopped({ board }: SweepRun, id: string, label: string, part: Part, word: Exclude<Verdict, 'retry'>): Failure {
  const cell = board.cells.get(id);
  const stage = part || (cell?.stage ?? 'unknown');
  const when = cell === undefined || cell.status === 'waiting' ? 'before it had begun' : `at stage ${stage}`;
  return word === 'skip'
    ? { stage, type: 'Skipped', message: `${label}: skipped ${when}`, remedy: 'start the sweep again to make it' }
    : { stage, type: 'Finished', message: `${label}: the sweep was finished ${when}`, remedy: 'start the sweep again: what is finished is used again' };
}

/** Makes anew what units had finished and has gone since, such as artifacts that were found corrupt. */
export async function remakeLost(run: SweepRun, units: readonly Unit[]): Promise<void> {
  const there = await findAll(refsOf(units));
  for (const unit of units) {
    await run.shared.remake(unit);
    for (const recipe of Object.values<Recipe>({ ...unit.stages })) {
      if (!hasFinished(run.board, unit.id, recipe.stage) || artifactKey(recipe) in there) continue;
      await remake(run, unit, recipe);
    }
  }
}

/** Makes anew, where everybody sees it, what a unit had finished. */
async function remake(run: SweepRun, unit: Unit, recipe: Recipe): Promise<void> {
  const { board, desk, plan, changed } = run;
  const event = { cell: unit.id, stage: recipe.stage };
  onStageEvent(board, { ...event, state: 'running', again: true });
  changed();
  try {
    const result = await desk.queued.run(recipe, unit.id, () => runStage(labelOf(unit), recipe, { force: forceOf(plan, recipe), ...desk.meansOf(unit.id), why: MADE_ANEW }));
    onStageEvent(board, { ...event, state: 'done', result });
  } catch (error) {
    onNotMadeAnew(board, unit.id, recipe.stage);
    throw error;
  } finally {
    changed();
  }
}

const labelOf = (unit: Unit) => cellLabel('condition' in unit ? unit : { ...unit, condition: unit.baseline });

/** Whether nothing is left to run for this unit, patching aside; if so, the board takes its results from the artifacts. */
function reuse({ board, finished }: SweepRun, unit: Unit): boolean {
  const stages = (Object.values(unit.stages) as Recipe[]).filter(({ stage }) => stage !== 'patch');
  const results = stages.map((recipe) => finished[artifactKey(recipe)]);
  if (!results.every((result) => result !== undefined)) return false;
  for (const [index, recipe] of stages.entries()) onStageReused(board, unit.id, recipe, results[index]!);
  return true;
}

/** A stage that the sweep runs for a unit by itself. */
async function runOwnStage(run: SweepRun, id: string, label: string, recipe: Recipe): Promise<void> {
  const event = { cell: id, stage: recipe.stage };
  await run.desk.gate.passed();
  onStageEvent(run.board, { ...event, state: 'running' });
  run.changed();
  const result = await run.desk.queued.run(recipe, id, () => runStage(label, recipe, { force: forceOf(run.plan, recipe), ...run.desk.meansOf(id) }));
  onStageEvent(run.board, { ...event, state: 'done', result });
}

/** `blocked`: what the cell is blocked at already, since an earlier run of the sweep. */
async function runCellWorkflow(run: SweepRun, unit: CellPlan, blocked: readonly Failure[] = []): Promise<void> {
  const { desk, board, name } = run;
  const workflowId = cellWorkflowId(name, unit.id);
  const orders = desk.ordersOf(unit.id);
  const { shared: _, ...work } = unit;
  const startedAs = desk.starting(unit.id);
  const start = () =>
    startChild(cell, {
      workflowId,
      args: blocked.length > 0 ? [work, orders, startedAs, [...blocked]] : [work, orders, startedAs],
      parentClosePolicy: ParentClosePolicy.TERMINATE,
      staticSummary: cellLabel(unit),
      staticDetails: artifactsMarkdown(unit),
      typedSearchAttributes: attributesOfCell(name, unit),
      ...(orders.priority !== undefined && { priority: { priorityKey: orders.priority } }),
    });
  const child = await desk.starts.hold(unit.id, () => whenFree(workflowId, () => startCancellable(start)));
  // From now on its workflow is where it waits.
  if (blocked.length > 0) run.stopped.delete(unit.id, '');
  onCellStarted(board, unit.id, workflowId);
  run.changed();
  try {
    await desk.started(unit.id, child, orders);
    run.heard(await child.result());
  } finally {
    desk.ended(unit.id);
    onCellEnded(board, unit.id);
  }
}

/** Starts a cell's workflow, after that of an earlier run of the sweep has closed: after a reset, it may take a moment. */
async function whenFree<T>(workflowId: string, start: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await start();
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      if (tries === OLD_CHILD_CLOSES.tries) throw new Error(`workflow ${workflowId} of an earlier run is still open; end it (temporal workflow terminate --workflow-id ${workflowId}), then retry`);
      await sleep(OLD_CHILD_CLOSES.everyMs);
    }
  }
}

/** Where the artifacts of a cell are, or will be; on its page in the UI. */
function artifactsMarkdown({ stages }: CellPlan): string {
  return ['Artifacts, below `artifacts/` of the bucket:', '', ...(Object.values(stages) as Recipe[]).map((recipe) => `- \`${recipe.stage}/${artifactKey(recipe)}\``)].join('\n');
}
