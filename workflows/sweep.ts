import { allHandlersFinished, ApplicationFailure, CancellationScope, condition, ContinueAsNew, continueAsNew, isCancellation, proxyActivities, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { inLine } from './advance-text.ts';
import { showStatus, showSweep } from './attributes.ts';
import { type Board, findableStatusOf, newBoard, onAdvance, onFailureRetried, onStageEvent, onSweepStopped, statusOf } from './board.ts';
import { askedOf, boardMarkdown, failuresOf, planOf, progressOf } from './board-view.ts';
import { carriedFrom, confirm, findableBefore, stoppedBefore, takeUp } from './carried.ts';
import { Carried } from './contracts/carried.ts';
import { InvalidInput, parse, parseSweepSpec } from './contracts/parse.ts';
import { Renewed, type SaidBefore } from './contracts/renewed.ts';
import type { StageEvent, StageNews, SweepResult, SweepStatus } from './contracts/progress.ts';
import { RunSpec } from './contracts/run.ts';
import type { SweepSpec } from './contracts/spec.ts';
import type { CellWord } from './contracts/steering.ts';
import { findAll } from './finding.ts';
import { failures, FROM_WITHIN, plan as planQuery, progress, stageEvents, stageNews } from './messages.ts';
import { Notices } from './notices.ts';
import { settled } from './plan/decisions.ts';
import { planRun, soughtFor } from './plan/filters.ts';
import { planSweep, unitsOf } from './plan/plan.ts';
import { completeReport } from './plan/report.ts';
import { locationsOf } from './plan/recipes.ts';
import { LIMITS, POLICIES, type SweepLimits } from './policies.ts';
import { sayAgain } from './renewed.ts';
import { RunSpan } from './run-span.ts';
import { allSettled, SharedStages } from './shared-stages.ts';
import { explained } from './stage.ts';
import { Desk } from './steering/desk.ts';
import { Healing } from './steering/healing.ts';
import { offerSignals } from './steering/signals.ts';
import { offerUpdates } from './steering/updates.ts';
import type { SweepRun } from './sweep-run.ts';
import { tellSweep } from './telling.ts';
import { watchTrainers } from './trainer-watch.ts';
import { giveUpWhatStops, runBaseline, runCell, runPatch } from './units.ts';
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
 * A sweep whose history has grown long continues as new, with what it has `carried` from run to run.
 */
export function sweep(given: unknown, carried?: unknown): Promise<SweepResult> {
  return sweepWithin(LIMITS, given, carried);
}

/** The same within limits of one's own: tests have lower ones, to see what happens at them. */
export async function sweepWithin(limits: SweepLimits, given: unknown, carriedBefore?: unknown): Promise<SweepResult> {
  const name = workflowInfo().workflowId;
  let board = newBoard({ cells: [], baselines: [], skipped: {} });
  let shown: SweepStatus = 'running';
  let findable: SweepStatus = 'running';
  let drawn = 0;
  let heading = '';
  const changed = () => {
    const status = statusOf(board);
    // Drawing a large board takes longer than a change of it.
    if (board.cells.size <= LARGE_BOARD || status !== shown || Date.now() - drawn >= DRAW_EVERY_MS) {
      setCurrentDetails(`${heading}${boardMarkdown(name, board)}`);
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
  const { data: renewed } = Renewed.safeParse(carriedBefore);
  const carried = carriedBefore === undefined || renewed !== undefined ? null : valid(() => parse(Carried, carriedBefore, 'what the run before has carried over'));
  if (carried !== null) {
    heading = headingOf(spec, carried);
    findable = findableBefore(carried);
  }
  showSweep(name, findable);
  const notices = new Notices(name, spec);
  notices.begin();
  try {
    const result = await runSweep({ name, given, spec, limits, carried, saidBefore: renewed?.saidBefore ?? null, heading }, notices, () => board, (next) => (board = next), changed);
    await notices.ended(result.status, result, progressOf(name, board));
    await condition(allHandlersFinished);
    return result;
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    board.phase = isCancellation(error) ? 'cancelled' : 'failed';
    onSweepStopped(board);
    await CancellationScope.nonCancellable(async () => {
      changed();
      await notices.ended(isCancellation(error) ? 'cancelled' : 'failed', error, progressOf(name, board));
    });
    throw error;
  }
}

interface RunOfSweep {
  name: string;
  /** The spec as it was sent, and as it is understood. */
  given: unknown;
  spec: SweepSpec;
  limits: SweepLimits;
  /** Null in the first run. */
  carried: Carried | null;
  /** Null as a rule: it is in the place of no run of other code. */
  saidBefore: SaidBefore | null;
  /** What people see of it comes after this. */
  heading: string;
}

/** The sweep, told on a board that is shown with `show` once its cells are known. @throws ContinueAsNew where it goes on in another run */
async function runSweep({ name, given, spec, limits, carried, saidBefore, heading }: RunOfSweep, notices: Notices, current: () => Board, show: (board: Board) => void, changed: () => void): Promise<SweepResult> {
  const span = new RunSpan(limits.history, Object.values(carried?.units ?? {}).filter(({ cell }) => cell?.state === 'in its workflow').length);
  const account = new LlmAccount(spec, carried?.llm, carried?.waitingForMoney);
  const desk = new Desk(RunSpec.parse(spec.run ?? {}), limits, current);
  if (saidBefore !== null) await sayAgain(saidBefore, desk, account);
  desk.onBlocked = (id, failure) => notices.blocked(id, failure);
  const stops = stoppedBefore(carried);
  desk.isAwaited = (id) => stops.stopped.of(id, '')?.state === 'in its workflow';
  const onWord = (count: () => void) => () => {
    count();
    changed();
  };
  const means = { desk, account, board: current };
  const offerAllUpdates = () => offerUpdates({ ...means, changed: onWord(() => span.onUpdate()) });
  const offerAllSignals = () => offerSignals({ ...means, changed: onWord(() => span.onSignal(1)) });
  // What a first run has to find out may take a while; one that continues knows it.
  if (carried === null) {
    offerAllUpdates();
    offerAllSignals();
  }
  const { fingerprints, artifactsAt } = carried ?? (await outsideOf(spec));
  const whole = valid(() => planSweep(spec, fingerprints));
  const plan = valid(() => planRun(whole, spec));
  const board: Board = { ...newBoard(plan, spec), steering: current().steering, artifactsAt };
  show(board);
  account.onWait = (waitingFor) => {
    board.waitingForMoney = waitingFor;
    changed();
  };
  if (carried !== null) {
    desk.takeUp(carried);
    takeUp(board, carried, name);
    offerAllUpdates();
    changed();
  }
  const report = spec.only === undefined ? [completeReport(spec, whole)] : [];
  const found = await findAll(soughtFor(whole, plan, report));
  const finished = settled(whole, found, report);
  if (carried !== null) confirm(board, carried, found, finished);
  board.phase = 'running';
  const healing = new Healing(carried?.healings);
  const heard = (events: readonly StageEvent[]) => {
    for (const event of events) {
      const before = board.cells.get(event.cell)?.status;
      onStageEvent(board, event);
      const after = board.cells.get(event.cell)?.status;
      // Who waits for a person keeps nobody else from running.
      if (after === 'blocked') desk.slots.leave(event.cell);
      else if (before === 'blocked' && after === 'running') desk.slots.goOn(event.cell);
      if (event.state !== 'blocked') continue;
      desk.blockedSince(event.cell);
      // A cell asks about what might be put right even where nobody is to be waited for.
      if (healing.takes(event.cell, event.failure)) desk.heal(event.cell);
      else if (desk.finishing) void desk.giveUp(event.cell);
      else notices.blocked(event.cell, event.failure);
    }
    changed();
  };
  const internal = { description: FROM_WITHIN };
  const takeWord = (word: CellWord, startedAs: string | undefined) => {
    const cell = board.cells.get(word.cell);
    if (cell === undefined) return;
    const own = cell.status === 'blocked' ? stops.stopped.ownFailures(cell) : [];
    if (word.verdict === 'retry') for (const failure of own) onFailureRetried(board, word.cell, failure);
    desk.takeWord(word, startedAs, own.length > 0);
  };
  const told = (events: readonly StageEvent[], startedAs: string | undefined, words: readonly CellWord[] = []) => {
    span.onSignal(words.length);
    for (const word of words) takeWord(word, startedAs);
    const news = (event: StageEvent) => (desk.hasStarted(event.cell, startedAs) ? [event] : carried === null ? [ofEarlierRun(event)] : event.state === 'done' ? [event] : []);
    heard(events.flatMap(news));
  };
  setHandler(stageEvents, told, internal);
  const advanced = ({ key, advance }: StageNews) => {
    span.onSignal();
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
  const begun = new Set(Object.entries(carried?.units ?? {}).flatMap(([id, unit]) => (unit.begun ? [id] : [])));
  const run: SweepRun = { name, plan, fingerprints, board, desk, shared, healing, finished, ...stops, begun, unpatched: { ...carried?.unpatched }, heard, changed };
  changed();
  const unwatch = watchTrainers(board, limits.looks, (jobs) => {
    if (jobs !== null) notices.unattended(jobs);
    changed();
  });
  // What was under way goes first.
  const cells = [...plan.cells.filter(({ id }) => begun.has(id)), ...plan.cells.filter(({ id }) => !begun.has(id))];
  const work = allSettled([...plan.baselines.map((unit) => runBaseline(run, unit)), ...cells.map((unit) => runCell(run, unit)), ...cells.map((unit) => runPatch(run, unit))]);
  // They are for what waits here, and wait for that.
  if (carried !== null) offerAllSignals();
  // Nothing that a person has said is half done then, nor is a webhook told half of it.
  const isGood = () => desk.isSteady && notices.areTold;
  const isFree = () => board.phase === 'running' && !desk.cancelled && allHandlersFinished() && desk.starts.areFree;
  const done = work.then(() => 'done' as const);
  const over = span.over(isFree, isGood, () => void desk.quieten()).then(
    () => 'over' as const,
    (error: unknown) => {
      if (!isCancellation(error)) throw error;
      // A sweep that is cancelled ends when what it runs has.
      return done;
    },
  );
  if ((await Promise.race([done, over])) === 'over') {
    giveUpWhatStops(run);
    await continueAsNew<typeof sweep>(given, carriedFrom(run, account));
  }
  await shared.stop();
  await unwatch();

  // In the order of the plan, whichever failed first.
  const order = [...board.cells.keys()];
  run.failures.sort((a, b) => order.indexOf(a.cell) - order.indexOf(b.cell));
  board.phase = 'reporting';
  changed();
  const { report: written, published } = await tellSweep(run, spec, whole);
  board.phase = 'done';
  changed();
  const { cells: ended, stages } = progressOf(name, board);
  setCurrentDetails(`${heading}Report: \`${published.reportFile}\`\n\n${boardMarkdown(name, board)}`);
  return {
    sweep: name,
    status: run.failures.length === 0 ? 'complete' : 'partial',
    stagesRun: stages.ran + (written.reused ? 0 : 1),
    stagesReused: stages.reused + (written.reused ? 1 : 0),
    failures: run.failures,
    report: { key: written.ref.key, file: published.reportFile, resultsFile: published.resultsFile },
    cells: ended.map(({ running: _running, artifacts: _artifacts, failures: _failures, ...cell }) => cell),
  };
}

/** Which run it is; and what the sweep is about, as its summary in the UI is that of the first run alone. */
function headingOf({ name, description }: SweepSpec, { run }: Carried): string {
  return `${inLine(description || name)}: run ${run} of the sweep, since the history of the one before had grown long; what is finished was not run again\n\n`;
}

/** What the spec rests on that lies outside the store, and where the store is. */
async function outsideOf(spec: SweepSpec): Promise<Pick<Carried, 'fingerprints' | 'artifactsAt'>> {
  const [fingerprints, artifactsAt] = await Promise.all([explained(fingerprintInputs(spec)), explained(locateStore.executeWithOptions({ summary: 'where artifacts are kept' }, []))]);
  return { fingerprints, artifactsAt };
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
