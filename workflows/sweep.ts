import { allHandlersFinished, ApplicationFailure, CancellationScope, condition, isCancellation, proxyActivities, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { showStatus, showSweep } from './attributes.ts';
import { type Board, findableStatusOf, newBoard, onAdvance, onStageEvent, onSweepStopped, statusOf } from './board.ts';
import { askedOf, boardMarkdown, failuresOf, planOf, progressOf } from './board-view.ts';
import { InvalidInput, parseSweepSpec } from './contracts/parse.ts';
import type { StageEvent, StageNews, SweepResult, SweepStatus } from './contracts/progress.ts';
import { RunSpec } from './contracts/run.ts';
import type { SweepSpec } from './contracts/spec.ts';
import { findAll } from './finding.ts';
import { failures, FROM_WITHIN, plan as planQuery, progress, stageEvents, stageNews } from './messages.ts';
import { Notices } from './notices.ts';
import { settled } from './plan/decisions.ts';
import { planRun, soughtFor } from './plan/filters.ts';
import { planSweep, unitsOf } from './plan/plan.ts';
import { completeReport } from './plan/report.ts';
import { locationsOf } from './plan/recipes.ts';
import { LIMITS, POLICIES, type SweepLimits } from './policies.ts';
import { allSettled, SharedStages } from './shared-stages.ts';
import { explained } from './stage.ts';
import { Desk } from './steering/desk.ts';
import { Healing } from './steering/healing.ts';
import { offerSignals } from './steering/signals.ts';
import { offerUpdates } from './steering/updates.ts';
import type { SweepRun } from './sweep-run.ts';
import { tellSweep } from './telling.ts';
import { watchTrainers } from './trainer-watch.ts';
import { runBaseline, runCell, runPatch } from './units.ts';
import { LlmAccount } from './writing.ts';

const { locateStore } = proxyActivities<Activities>(POLICIES.lookup);
const { fingerprintInputs } = proxyActivities<Activities>(POLICIES.data);

/** Cells of a board that is drawn for the UI no more often than this. */
const LARGE_BOARD = 100;
const DRAW_EVERY_MS = 2_000;

/**
 * The whole experiment: plans the grid tasks × models × conditions of a spec, makes what cells share, fans out one `cell`
 * workflow per cell that is not finished yet, and writes the report over all that was made. Resuming rests on the artifacts:
 * a sweep started again runs only the stages whose artifacts are missing. A failed cell stops no other; it waits for a person.
 */
export function sweep(given: unknown): Promise<SweepResult> {
  return sweepWithin(LIMITS, given);
}

/** The same within limits of one's own: tests have lower ones, to see what happens at them. */
export async function sweepWithin(limits: SweepLimits, given: unknown): Promise<SweepResult> {
  const name = workflowInfo().workflowId;
  let board = newBoard({ cells: [], baselines: [], skipped: {} });
  let shown: SweepStatus = 'running';
  let findable: SweepStatus = 'running';
  let drawn = 0;
  const changed = () => {
    const status = statusOf(board);
    // Drawing a large board takes longer than a change of it.
    if (board.cells.size <= LARGE_BOARD || status !== shown || Date.now() - drawn >= DRAW_EVERY_MS) {
      setCurrentDetails(boardMarkdown(name, board));
      drawn = Date.now();
    }
    if (status === 'planning') return;
    shown = status;
    const found = findableStatusOf(board);
    if (found !== findable) showStatus(found);
    findable = found;
  };
  setHandler(progress, (asked) => progressOf(name, board, askedOf(board, asked), limits.withArtifacts), { description: 'Where the sweep stands: counts, cost, and per cell stages, F1 and artifacts. Of some: {"cells": ["task/model/condition"]}' });
  setHandler(failures, () => failuresOf(board), { description: 'All that blocks or was given up, with cause and remedy' });
  setHandler(planQuery, (asked) => planOf(board, askedOf(board, asked), limits.planned), { description: 'The DAG with keys and states. Of some: {"cells": ["task/model/condition"]}' });
  const spec = valid(() => parseSweepSpec(given));
  showSweep(name, findable);
  const notices = new Notices(name, spec);
  try {
    const result = await runSweep(name, spec, limits, notices, () => board, (next) => (board = next), changed);
    await notices.ended(result.status, result, progressOf(name, board));
    await condition(allHandlersFinished);
    return result;
  } catch (error) {
    board.phase = isCancellation(error) ? 'cancelled' : 'failed';
    onSweepStopped(board);
    await CancellationScope.nonCancellable(async () => {
      changed();
      await notices.ended(isCancellation(error) ? 'cancelled' : 'failed', error, progressOf(name, board));
    });
    throw error;
  }
}

/** The sweep, told on a board that is shown with `show` once its cells are known. */
async function runSweep(name: string, spec: SweepSpec, limits: SweepLimits, notices: Notices, current: () => Board, show: (board: Board) => void, changed: () => void): Promise<SweepResult> {
  const account = new LlmAccount(spec);
  const desk = new Desk(RunSpec.parse(spec.run ?? {}), limits, current);
  desk.onBlocked = (id, failure) => notices.blocked(id, failure);
  offerUpdates({ desk, account, board: current, changed });
  offerSignals({ desk, account, board: current, changed });
  const [fingerprints, artifactsAt] = await Promise.all([explained(fingerprintInputs(spec)), explained(locateStore.executeWithOptions({ summary: 'where artifacts are kept' }, []))]);
  const whole = valid(() => planSweep(spec, fingerprints));
  const plan = valid(() => planRun(whole, spec));
  const board: Board = { ...newBoard(plan, spec), steering: current().steering, artifactsAt };
  show(board);
  const report = spec.only === undefined ? [completeReport(spec, whole)] : [];
  const finished = settled(whole, await findAll(soughtFor(whole, plan, report)), report);
  board.phase = 'running';
  account.onWait = (waitingFor) => {
    board.waitingForMoney = waitingFor;
    changed();
  };
  const healing = new Healing();
  const heard = (events: readonly StageEvent[]) => {
    for (const event of events) {
      const before = board.cells.get(event.cell)?.status;
      onStageEvent(board, event);
      const after = board.cells.get(event.cell)?.status;
      // Who waits for a person keeps nobody else from running.
      if (after === 'blocked') desk.slots.leave(event.cell);
      else if (before === 'blocked' && after === 'running') desk.slots.goOn(event.cell);
      if (event.state !== 'blocked') continue;
      // A cell asks about what might be put right even where nobody is to be waited for.
      if (healing.takes(event.cell, event.failure)) desk.heal(event.cell);
      else if (desk.finishing) void desk.giveUp(event.cell);
      else notices.blocked(event.cell, event.failure);
    }
    changed();
  };
  const internal = { description: FROM_WITHIN };
  setHandler(stageEvents, (events, startedAs) => heard(events.map((told) => (desk.hasStarted(told.cell, startedAs) ? told : ofEarlierRun(told)))), internal);
  const advanced = ({ key, advance }: StageNews) => {
    desk.queued.taken(key);
    onAdvance(board, key, advance);
    changed();
  };
  setHandler(stageNews, advanced, internal);

  const shared = new SharedStages({ board, desk, finished, locations: locationsOf(fingerprints), account, changed });
  desk.beforeRetry = async (id) => {
    const unit = unitsOf(plan).find((candidate) => candidate.id === id);
    if (unit !== undefined) await shared.remake(unit);
  };
  const run: SweepRun = { name, plan, fingerprints, board, desk, shared, healing, finished, failures: [], unpatched: {}, heard, changed };
  changed();
  const unwatch = watchTrainers(board, limits.looks, (jobs) => {
    if (jobs !== null) notices.unattended(jobs);
    changed();
  });
  await allSettled([...plan.baselines.map((unit) => runBaseline(run, unit)), ...plan.cells.map((unit) => runCell(run, unit)), ...plan.cells.map((unit) => runPatch(run, unit))]);
  await shared.stop();
  await unwatch();

  // In the order of the plan, whichever failed first.
  const order = [...board.cells.keys()];
  run.failures.sort((a, b) => order.indexOf(a.cell) - order.indexOf(b.cell));
  board.phase = 'reporting';
  changed();
  const told = await tellSweep(run, spec, whole);
  board.phase = 'done';
  changed();
  const { cells, stages } = progressOf(name, board);
  setCurrentDetails(`Report: \`${told.published.reportFile}\`\n\n${boardMarkdown(name, board)}`);
  return {
    sweep: name,
    status: run.failures.length === 0 ? 'complete' : 'partial',
    stagesRun: stages.ran + (told.report.reused ? 0 : 1),
    stagesReused: stages.reused + (told.report.reused ? 1 : 0),
    failures: run.failures,
    report: { key: told.report.ref.key, file: told.published.reportFile, resultsFile: told.published.resultsFile },
    cells: cells.map(({ running: _running, artifacts: _artifacts, failures: _failures, ...cell }) => cell),
  };
}

/** What an earlier run, before a reset, had made was there already for this one. */
function ofEarlierRun(event: StageEvent): StageEvent {
  return event.state === 'done' ? { ...event, result: { ...event.result, reused: true } } : event;
}

/** What a spec comes to, where it is a valid one. */
function valid<T>(understand: () => T): T {
  try {
    return understand();
  } catch (error) {
    if (error instanceof InvalidInput) throw ApplicationFailure.nonRetryable(error.message, 'InvalidSpec');
    throw error;
  }
}
