/**
 * What a sweep hands to its next run where it continues as new, and how that run takes it up. What is finished is told by the
 * artifacts, as it is to any sweep that is started again; all else is here. Pure, but for the board that is taken up.
 */
import { type Board, graphOf, hasFinished, onReused, onSharedDone, onStageEvent, onUnitBlocked, onUnitGivenUp, settle, showFacts } from './board.ts';
import type { ArtifactKey, Stage, StageResult } from './contracts/artifacts.ts';
import type { Carried } from './contracts/carried.ts';
import type { CellProgress, Failure, SweepStatus } from './contracts/progress.ts';
import type { FindResult } from './contracts/requests.ts';
import { cellWorkflowId } from './ids.ts';
import { remedyFor } from './remedies.ts';
import { type Part, type Stopped, StoppedParts } from './stopped-parts.ts';
import type { SweepRun } from './sweep-run.ts';
import type { LlmAccount } from './writing.ts';

/** Bytes of all that is handed over, about. A server takes 2 MB, of which the spec needs some. */
const MOST = 1_700_000;
/** Of a message at the least. */
const MESSAGE = 20;

/** The names of a unit's parts. */
const PARTS = [['cell', ''], ['patch', 'patch']] as const satisfies readonly (readonly [string, Part])[];

/** What the next run of a sweep is to know. `account`: how the LLM may be used by now. */
export function carriedFrom(run: SweepRun, { use: llm, waiting }: Pick<LlmAccount, 'use' | 'waiting'>): Carried {
  const { board, desk } = run;
  const failures = new Table<Carried['failures'][number]>();
  const changes = new Table<Carried['changes'][number]>();
  const failureAt = ({ remedy, ...failure }: Failure) => failures.at(remedy === remedyFor(failure.type) ? failure : { ...failure, remedy });
  const told = desk.said;
  const carried: Carried = {
    run: board.run + 1,
    fingerprints: run.fingerprints,
    artifactsAt: board.artifactsAt ?? '',
    said: told.said,
    priorities: told.priorities,
    changeOf: Object.fromEntries([...told.changes].flatMap(([id, change]) => (Object.keys(change).length === 0 ? [] : [[id, changes.at(change)] as const]))),
    changes: changes.rows,
    ...(llm !== undefined && { llm }),
    waitingForMoney: waiting,
    healings: run.healing.times,
    cost: board.cost,
    unattended: board.unattended,
    refused: board.refused,
    units: Object.fromEntries(
      [...board.cells.values()].flatMap((cell) => {
        const unit = unitOf(run, cell, (stopped) => stopped && { state: stopped.state, failures: stopped.failures.map(failureAt) });
        return unit === null ? [] : [[cell.id, unit] as const];
      }),
    ),
    unpatched: run.unpatched,
    shared: [...board.shared].map(([key, { name, status, reused, failure }]) => {
      const timeoutHours = told.ownTimeoutHours.get(key);
      return { key, name, status, reused, failure: failure && failureAt(failure), ...(timeoutHours !== undefined && { timeoutHours }) };
    }),
    failures: failures.rows,
  };
  return withRoom(carried);
}

/** What there is to know of a unit; null where nothing of it has begun. */
function unitOf(run: SweepRun, cell: CellProgress, carry: (stopped: Stopped | undefined) => Carried['units'][string]['cell']): Carried['units'][string] | null {
  const { board, desk, finished, stopped } = run;
  const { id, status, stage, artifacts, workflowId } = cell;
  const own = stopped.of(id, '') ?? blockedInWorkflow(run, cell);
  const parts = { cell: carry(own?.state === 'in its workflow' && desk.retries(id) ? undefined : own), patch: carry(stopped.of(id, 'patch')) };
  // A stage that it has not told of yet was there before, where it was found.
  const isReused = (of: Stage) => board.reused.get(id)?.has(of) ?? false;
  const told = Object.keys(artifacts) as Stage[];
  const begun = status !== 'waiting';
  const untold = [...(graphOf(board).own.get(id) ?? [])].flatMap(([of, key]) => (begun && status !== 'done' && !(of in artifacts) && key in finished ? [of] : []));
  if (!begun && told.length === 0) return null;
  return {
    begun,
    stage,
    ran: told.filter((of) => !isReused(of)),
    reused: [...told.filter(isReused), ...untold],
    hasWorkflow: workflowId !== null,
    ...((status === 'skipped' || status === 'failed') && { status }),
    ...(parts.cell && { cell: parts.cell }),
    ...(parts.patch && { patch: parts.patch }),
    ...(desk.skips(id) && { skips: true }),
  };
}

/** What a cell waits with in its own workflow: what blocks it, and not its patching. */
function blockedInWorkflow({ desk, stopped }: SweepRun, cell: CellProgress): Stopped | undefined {
  const own = stopped.ownFailures(cell);
  return cell.status === 'blocked' && desk.hasWorkflow(cell.id) && own.length > 0 ? { state: 'in its workflow', failures: own } : undefined;
}

/** Values of which each is said once. */
class Table<T> {
  readonly rows: T[] = [];
  readonly #places = new Map<string, number>();

  /** Where the value stands. */
  at(value: T): number {
    const name = JSON.stringify(value);
    const place = this.#places.get(name) ?? this.rows.push(value) - 1;
    this.#places.set(name, place);
    return place;
  }
}

/** The same with so much of every message as there is room for. */
function withRoom(carried: Carried): Carried {
  const all = bytesOf(carried);
  if (all <= MOST) return carried;
  const messages = [...carried.failures.map(({ message }) => message), ...Object.values(carried.unpatched)];
  const room = MOST - all + messages.reduce((sum, message) => sum + bytesOf(message), 0);
  const most = Math.max(MESSAGE, Math.floor(room / messages.length));
  const cut = (message: string) => {
    const bytes = bytesOf(message);
    return bytes <= most ? message : `${message.slice(0, Math.floor((message.length * (most - ELLIPSIS)) / bytes))}…`;
  };
  return {
    ...carried,
    failures: carried.failures.map((failure) => ({ ...failure, message: cut(failure.message) })),
    unpatched: Object.fromEntries(Object.entries(carried.unpatched).map(([id, reason]) => [id, cut(reason)])),
  };
}

/** Of its JSON: a letter that is not ASCII takes two or more. */
function bytesOf(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}

/** Bytes of the sign that stands for what was cut, and of the quotes around a message. */
const ELLIPSIS = 5;

/** A part of a unit that does not go on, as it was carried. */
function stoppedOf({ failures }: Carried, stopped: Carried['units'][string]['cell']): Stopped | undefined {
  return stopped && { state: stopped.state, failures: stopped.failures.map((at) => failureOf(failures[at]!)) };
}

function failureOf(carried: Carried['failures'][number]): Failure {
  return { ...carried, remedy: carried.remedy ?? remedyFor(carried.type) };
}

/** Parts of units that do not go on, and what was given up of them, in the order of the plan. */
export function stoppedBefore(carried: Carried | null): { stopped: StoppedParts; failures: SweepRun['failures'] } {
  const stopped = new StoppedParts();
  const failures: SweepRun['failures'] = [];
  for (const [id, unit] of Object.entries(carried?.units ?? {})) {
    for (const [name, part] of PARTS) {
      const before = stoppedOf(carried!, unit[name]);
      if (before === undefined) continue;
      stopped.set(id, part, before);
      if (before.state === 'given up') failures.push(...before.failures.map((failure) => ({ cell: id, ...failure })));
    }
  }
  return { stopped, failures };
}

/** What lists find a sweep by that continues, until it tells so itself. */
export function findableBefore({ said, units, waitingForMoney }: Carried): SweepStatus {
  if (Object.values(units).some((unit) => PARTS.some(([part]) => unit[part] !== undefined && unit[part].state !== 'given up'))) return 'blocked';
  return said.paused || Object.keys(waitingForMoney).length > 0 ? 'paused' : 'running';
}

/** Shows on a new board how things stood: at once, before anything is looked up. `name`: workflow id of the sweep. */
export function takeUp(board: Board, carried: Carried, name: string): void {
  board.run = carried.run;
  board.unattended = carried.unattended;
  board.refused = carried.refused;
  board.waitingForMoney = Object.values(carried.waitingForMoney)[0] ?? null;
  board.cost = { ...carried.cost };
  for (const { key, name, status, reused, failure } of carried.shared) {
    if (status !== 'running') board.shared.set(key, { name, status, reused, advance: null, failure: failure === null ? null : failureOf(carried.failures[failure]!) });
  }
  for (const [id, unit] of Object.entries(carried.units)) {
    const cell = board.cells.get(id);
    if (cell === undefined) continue;
    for (const stage of [...unit.ran, ...unit.reused]) {
      cell.artifacts[stage] = `${stage}/${graphOf(board).own.get(id)!.get(stage)!}`;
      cell.stagesDone += 1;
    }
    for (const stage of unit.reused) onReused(board, cell, stage);
    cell.stage = unit.stage;
    if (unit.hasWorkflow) cell.workflowId = cellWorkflowId(name, id);
    settle(cell);
    for (const [part] of PARTS) {
      const stopped = stoppedOf(carried, unit[part]);
      if (stopped?.state !== 'given up') for (const failure of stopped?.failures ?? []) onUnitBlocked(board, id, failure);
      // Of the patching of a cell that goes on, it is not told.
      else if (unit.status !== undefined) onUnitGivenUp(board, id, stopped.failures, unit.status);
    }
  }
}

/**
 * Has a board that was taken up tell what was found finished: results of stages that were told of before; stages whose artifact has
 * gone since; and those that the run before made, and did not hear of: they are charged now, or, where they were still under way,
 * once they are found. `found`: all that is there; `finished`: what of it stays so.
 */
export function confirm(board: Board, carried: Carried, found: FindResult, finished: FindResult): void {
  const { own, recipes } = graphOf(board);
  const underWay = new Set<ArtifactKey>();
  const onBegun = (key: ArtifactKey, onMade: (result: StageResult) => void) => {
    if (finished[key] !== undefined) onMade({ ...finished[key], reused: false });
    else if (!(key in found)) underWay.add(key);
  };
  for (const { key, name, status } of carried.shared) if (status === 'running' && recipes.has(key)) onBegun(key, (result) => onSharedDone(board, key, name, recipes.get(key)!, result));
  for (const [id, unit] of Object.entries(carried.units)) {
    const cell = board.cells.get(id);
    if (cell === undefined) continue;
    for (const [stage, key] of own.get(id) ?? []) {
      const isGivenUp = unit[stage === 'patch' ? 'patch' : 'cell']?.state === 'given up' || (stage === 'patch' && id in carried.unpatched);
      const isTold = hasFinished(board, id, stage);
      if (isTold && finished[key] !== undefined) showFacts(cell, stage, finished[key].summary);
      else if (isTold && !isGivenUp) onStageGone(board, cell, stage);
      // What it shares with others, such as a dataset, was made as that, and is counted so.
      else if (!isTold && unit.begun && !isGivenUp && !board.shared.has(key)) onBegun(key, (result) => onStageMade(board, cell, stage, result));
    }
  }
  board.underWay = underWay;
}

/** A stage that the run before made, as that ended. */
function onStageMade(board: Board, cell: CellProgress, stage: Stage, result: StageResult): void {
  const { stage: last } = cell;
  onStageEvent(board, { cell: cell.id, stage, state: 'done', result });
  cell.stage = last ?? stage;
}

/** A finished stage is to be made anew. */
function onStageGone({ reused }: Board, cell: CellProgress, stage: Stage): void {
  delete cell.artifacts[stage];
  cell.stagesDone -= 1;
  if (reused.get(cell.id)?.delete(stage)) cell.stagesReused -= 1;
  settle(cell);
}
