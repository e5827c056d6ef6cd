/** The state of a sweep as people see it: what each cell does, what came out, and what waits for whom. Plain data and pure updates. */
import type { ArtifactKey, Recipe, Stage, StageResult, Summary } from './contracts/artifacts.ts';
import type { CellProgress, Failure, StageAdvance, StageEvent, SweepProgress, SweepStatus } from './contracts/progress.ts';
import type { SweepSpec } from './contracts/spec.ts';
import type { Steering } from './contracts/steering.ts';
import { deviceOf, gpuDollars } from './plan/gpu-price.ts';
import { type Plan, type Unit, unitsOf } from './plan/plan.ts';
import { TRAINER_QUEUE } from './queues.ts';
import { USUAL_STEERING } from './steering/usual.ts';
import { canGoOn, type StageGraph, stageGraph } from './stage-graph.ts';
import { TRAINER_STAGES, workKindOf } from './work-kind.ts';

type Shared = SweepProgress['shared'][number];

export interface Board {
  plan: Plan;
  phase: Exclude<SweepStatus, 'paused' | 'blocked'>;
  /** As the desk keeps it (steering/desk.ts). */
  steering: Steering;
  /** Why writing waits for a higher cost ceiling; null where it does not. */
  waitingForMoney: string | null;
  /** Trainer jobs that wait while no worker listens for any; null where one does, or none wait. */
  unattended: number | null;
  /** Why the last signal of a person did nothing; null where it did something, or none came. */
  refused: string | null;
  cells: Map<string, CellProgress>;
  /** By artifact key. */
  shared: Map<ArtifactKey, Shared>;
  /** Stages that will not be made in this run, by cell. */
  givenUp: Map<string, Set<Stage>>;
  /** Stages of which the artifact was there already, by cell. */
  reused: Map<string, Set<Stage>>;
  /** Which run of the sweep it is: where the history of one has grown long, the sweep continues in the next. */
  run: number;
  /** What the run before may have had under way as it ended. Whoever finds it there has it from that, which nobody was charged for. */
  underWay: ReadonlySet<ArtifactKey>;
  /** What is told of it is worked out from this (board-view.ts). */
  cost: Pick<SweepProgress['cost'], 'llmDollars' | 'gpuDollars' | 'trainerHours'>;
  price: Pick<SweepSpec, 'gpuHourDollars'>;
  artifactsAt: string | null;
  /** Worked out when it is first needed. */
  graph: StageGraph | null;
}

/** A board on which nothing has begun; baselines first, then cells, each in the order of the plan. `price` is the spec's. */
export function newBoard(plan: Plan, price: Board['price'] = {}): Board {
  return {
    plan,
    phase: 'planning',
    steering: USUAL_STEERING,
    waitingForMoney: null,
    unattended: null,
    refused: null,
    cells: new Map(unitsOf(plan).map((unit) => [unit.id, waiting(unit)])),
    shared: new Map(),
    givenUp: new Map(),
    reused: new Map(),
    run: 1,
    underWay: new Set(),
    cost: { llmDollars: 0, gpuDollars: gpuDollars(price, 'cpu', 0), trainerHours: 0 },
    price,
    artifactsAt: null,
    graph: null,
  };
}

function waiting(plan: Unit): CellProgress {
  return {
    id: plan.id,
    task: plan.task,
    model: plan.model,
    condition: 'condition' in plan ? plan.condition : plan.baseline,
    variant: 'variant' in plan ? plan.variant : null,
    seed: 'seed' in plan ? plan.seed : null,
    status: 'waiting',
    stage: null,
    stagesDone: 0,
    stagesTotal: Object.keys(plan.stages).length,
    stagesReused: 0,
    running: {},
    f1: null,
    retrievalHeads: null,
    artifacts: {},
    workflowId: null,
    failures: [],
  };
}

/** A cell's stage began, is somewhat further, ended, or failed for good. News may overtake each other. */
export function onStageEvent(board: Board, event: StageEvent): void {
  const cell = board.cells.get(event.cell);
  if (cell === undefined) return;
  const { stage } = event;
  if (hasFinished(board, event.cell, stage)) {
    if (onFinishedStage(board, cell, event)) return;
    // Its artifact had gone since, and could not be made anew.
    cell.stagesDone -= 1;
    delete cell.artifacts[stage];
  }
  switch (event.state) {
    case 'running':
      cell.stage = stage;
      cell.running[stage] = null;
      cell.failures = cell.failures.filter((failure) => failure.stage !== stage);
      break;
    case 'advanced':
      if (stage in cell.running) cell.running[stage] = event.advance;
      return;
    case 'done':
      onStageDone(board, cell, stage, event.result);
      break;
    case 'blocked':
      cell.stage = stage;
      delete cell.running[stage];
      cell.failures = [...cell.failures.filter((failure) => failure.stage !== stage), event.failure];
      break;
  }
  settle(cell);
}

/** News of a stage that counts as done, and does so until its artifact could not be made anew. False where that is the news. */
function onFinishedStage(board: Board, cell: CellProgress, event: StageEvent): boolean {
  const { stage } = event;
  switch (event.state) {
    case 'running':
      if (event.again) cell.running[stage] = null;
      return true;
    case 'advanced':
      if (stage in cell.running) cell.running[stage] = event.advance;
      return true;
    case 'done':
      if (stage in cell.running && !event.result.reused) charge(board, { stage, params: {} }, event.result);
      delete cell.running[stage];
      return true;
    case 'blocked':
      return false;
  }
}

/** A stage that was being made anew for others could not be, which is theirs to tell. */
export function onNotMadeAnew(board: Board, id: string, stage: Stage): void {
  delete board.cells.get(id)?.running[stage];
}

function onStageDone(board: Board, cell: CellProgress, stage: Stage, result: StageResult): void {
  const { summary, ref } = result;
  const reused = isReused(board, result);
  cell.stage = stage;
  delete cell.running[stage];
  cell.failures = cell.failures.filter((failure) => failure.stage !== stage);
  cell.artifacts[stage] = `${ref.stage}/${ref.key}`;
  cell.stagesDone += 1;
  if (reused) onReused(board, cell, stage);
  else charge(board, { stage, params: {} }, result);
  showFacts(cell, stage, summary);
}

function isReused({ underWay }: Board, { reused, ref }: StageResult): boolean {
  return reused && !underWay.has(ref.key);
}

/** Counts a stage as one of which the artifact was there already. */
export function onReused({ reused }: Board, cell: CellProgress, stage: Stage): void {
  cell.stagesReused += 1;
  reused.set(cell.id, (reused.get(cell.id) ?? new Set()).add(stage));
}

/** What is told of a cell from a stage's results. */
export function showFacts(cell: CellProgress, stage: Stage, summary: Summary): void {
  if (stage === 'evaluate' && typeof summary.f1 === 'number') cell.f1 = summary.f1;
  if (stage === 'score' && typeof summary.retrievalHeads === 'number') cell.retrievalHeads = summary.retrievalHeads;
}

/** Status of a cell that follows from its stages; one that was given up stays so. */
export function settle(cell: CellProgress): void {
  if (cell.status === 'skipped' || cell.status === 'failed') return;
  if (cell.failures.length > 0) cell.status = 'blocked';
  else if (cell.stagesDone === cell.stagesTotal) cell.status = 'done';
  else if (cell.workflowId !== null || cell.stagesDone > 0 || Object.keys(cell.running).length > 0) cell.status = 'running';
  else cell.status = 'waiting';
}

/** The stage of a cell was there already. */
export function onStageReused(board: Board, id: string, recipe: Recipe, result: StageResult): void {
  onStageEvent(board, { cell: id, stage: recipe.stage, state: 'done', result: { ...result, reused: true } });
}

/** A stage of a cell cannot run, for reasons outside of the cell, which is done without it. */
export function onStageGivenUp(board: Board, id: string, stage: Stage): void {
  const cell = board.cells.get(id);
  if (cell === undefined) return;
  board.givenUp.set(id, (board.givenUp.get(id) ?? new Set()).add(stage));
  cell.stagesTotal -= 1;
  settle(cell);
}

export function hasFinished(board: Board, id: string, stage: Stage): boolean {
  return stage in (board.cells.get(id)?.artifacts ?? {});
}

/** The cell has a workflow of its own from now on. */
export function onCellStarted(board: Board, id: string, workflowId: string): void {
  const cell = board.cells.get(id);
  if (cell === undefined) return;
  cell.workflowId = workflowId;
  settle(cell);
}

/** The workflow of a cell has ended: whatever its last news were, nothing of it runs but its patching, which is not its own. */
export function onCellEnded(board: Board, id: string): void {
  const cell = board.cells.get(id);
  if (cell !== undefined) cell.running = 'patch' in cell.running ? { patch: cell.running.patch } : {};
}

/** A unit waits for a person, for what its own stages did not tell: something that it shares failed, or its workflow was ended. */
export function onUnitBlocked(board: Board, id: string, failure: Failure): void {
  const cell = board.cells.get(id);
  if (cell === undefined) return;
  cell.running = {};
  cell.failures = [...cell.failures.filter(({ stage }) => stage !== failure.stage), failure];
  settle(cell);
}

/** A person had the blocked stages of a unit tried again. */
export function onUnitRetried(board: Board, id: string): void {
  const cell = board.cells.get(id);
  if (cell === undefined || cell.status !== 'blocked') return;
  cell.failures = [];
  settle(cell);
}

/** One of them, whatever else blocks the unit. */
export function onFailureRetried(board: Board, id: string, failure: Failure): void {
  const cell = board.cells.get(id);
  if (cell === undefined || cell.status !== 'blocked') return;
  cell.failures = cell.failures.filter(({ stage }) => stage !== failure.stage);
  settle(cell);
}

/** A unit ended without some of its stages. */
export function onUnitGivenUp(board: Board, id: string, failures: readonly Failure[], status: 'skipped' | 'failed'): void {
  const cell = board.cells.get(id);
  if (cell === undefined) return;
  const given = new Set(failures.map(({ stage }) => stage));
  cell.failures = [...cell.failures.filter(({ stage }) => !given.has(stage)), ...failures];
  cell.running = {};
  if (cell.status !== 'failed') cell.status = status;
}

/** The sweep ended before its cells had: what was not done was given up with it. */
export function onSweepStopped({ cells, shared }: Board): void {
  for (const cell of cells.values()) {
    cell.running = {};
    if (['waiting', 'running', 'blocked'].includes(cell.status)) cell.status = 'failed';
  }
  for (const [key, one] of shared) if (one.status !== 'done') shared.set(key, { ...one, status: 'failed', advance: null });
}

/** Something that cells share began, ended or failed. */
export function onShared(board: Board, key: ArtifactKey, name: string, change: Partial<Omit<Shared, 'name'>>): void {
  const before = board.shared.get(key) ?? { name, status: 'running', reused: false, advance: null, failure: null };
  board.shared.set(key, { ...before, ...change });
}

/** Something that cells share is there. */
export function onSharedDone(board: Board, key: ArtifactKey, name: string, recipe: Recipe, result: StageResult): void {
  const reused = isReused(board, result);
  onShared(board, key, name, { status: 'done', reused, advance: null, failure: null });
  if (!reused) charge(board, recipe, result);
}

function charge(board: Board, made: Pick<Recipe, 'stage' | 'params'>, { ref, summary, seconds = 0 }: StageResult): void {
  const { cost, price } = board;
  const kind = workKindOf(made);
  if (kind === 'writing' && typeof summary.dollars === 'number') cost.llmDollars += summary.dollars;
  if (kind !== 'trainer') return;
  const hours = seconds / 3600;
  cost.trainerHours += hours;
  if (cost.gpuDollars === null) return;
  const recipe = graphOf(board).recipes.get(ref.key);
  if (recipe !== undefined) cost.gpuDollars += gpuDollars(price, deviceOf(recipe), hours) ?? 0;
}

/** News of a running stage that the sweep runs itself. */
export function onAdvance(board: Board, key: ArtifactKey, advance: StageAdvance): void {
  const shared = board.shared.get(key);
  if (shared?.status === 'running') board.shared.set(key, { ...shared, advance });
  else for (const [id, stages] of graphOf(board).own) for (const [stage, own] of stages) if (own === key) onStageEvent(board, { cell: id, stage, state: 'advanced', advance });
}

export function graphOf(board: Board): StageGraph {
  board.graph ??= stageGraph(board.plan);
  return board.graph;
}

/** The sweep's status: `blocked` where nothing is left that could go on without a person. */
export function statusOf(board: Board): SweepStatus {
  if (board.phase !== 'running') return board.phase;
  if (board.steering.paused || board.waitingForMoney !== null) return 'paused';
  return isStuck(board) ? 'blocked' : 'running';
}

/** What lists and signals in bulk find the sweep by: `blocked` while anything is, so that they reach it together with its blocked cells. */
export function findableStatusOf(board: Board): SweepStatus {
  return board.phase === 'running' && [...board.cells.values()].some(({ status }) => status === 'blocked') ? 'blocked' : statusOf(board);
}

/** What a sweep waits for that is paused or blocked, or of which nobody does the trainer jobs. */
export function waitingForOf(board: Board, status = statusOf(board)): string | null {
  if (status === 'paused') return board.steering.paused ? 'the update resume: a person has paused it' : board.waitingForMoney;
  if (status === 'running' && board.unattended !== null) return unattendedText(board.unattended);
  if (status !== 'blocked') return null;
  const blocked = [...board.cells.values()].filter((cell) => cell.status === 'blocked').length;
  return `the update retry, skip or finish: ${blocked === 1 ? '1 cell is' : `${blocked} cells are`} blocked, and nothing else is left to do`;
}

/** What is to be said where trainer jobs wait and nobody is there to do them. */
export function unattendedText(jobs: number): string {
  return `a worker with a trainer (needlework worker trainer): ${jobs === 1 ? '1 job waits' : `${jobs} jobs wait`} in the queue ${TRAINER_QUEUE}, and none listens`;
}

/** Whether something runs that a trainer job may belong to. */
export function isAnythingRunning({ cells, shared }: Board): boolean {
  return [...cells.values()].some(({ status }) => status === 'running') || [...shared.values()].some(({ status }) => status === 'running');
}

/** Signs of trainers at work: grows when one of their stages gets on, or ends. */
export function trainerSigns({ cells, shared }: Board): number {
  const ofCell = ({ artifacts, running }: CellProgress) =>
    TRAINER_STAGES.filter((stage) => stage in artifacts || (running[stage] ?? null) !== null).length;
  return [...cells.values()].reduce((signs, cell) => signs + ofCell(cell), [...shared.values()].filter(({ status, advance }) => status === 'done' || advance !== null).length);
}

function isStuck(board: Board): boolean {
  const cells = [...board.cells.values()];
  const blocked = cells.filter(({ status }) => status === 'blocked');
  if (blocked.length === 0 || cells.some(({ running }) => Object.keys(running).length > 0)) return false;
  if ([...board.shared.values()].some(({ status }) => status === 'running')) return false;
  const graph = graphOf(board);
  const unfinished = ({ id, status }: CellProgress) =>
    [...(graph.own.get(id) ?? [])].filter(
      ([stage]) => !hasFinished(board, id, stage) && !board.givenUp.get(id)?.has(stage) && (stage === 'patch' || (status !== 'skipped' && status !== 'failed')),
    );
  // A failure that is no stage's of the cell stops all that is left of it.
  const blockedKeys = blocked.flatMap((cell) => {
    const own = graph.own.get(cell.id);
    return cell.failures.flatMap(({ stage }) => own?.get(stage as Stage) ?? unfinished(cell).map(([, key]) => key));
  });
  return !canGoOn(graph, cells.flatMap((cell) => unfinished(cell).map(([, key]) => key)), new Set(blockedKeys));
}
