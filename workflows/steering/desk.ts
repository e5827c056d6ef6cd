import { CancellationScope, type ChildWorkflowHandle, condition, type ExternalWorkflowHandle, getExternalWorkflowHandle, uuid4, workflowInfo } from '@temporalio/workflow';
import { type Board, onUnitBlocked, onUnitRetried } from '../board.ts';
import type { cell } from '../cell.ts';
import type { ArtifactKey } from '../contracts/artifacts.ts';
import type { Carried, Said } from '../contracts/carried.ts';
import type { Failure } from '../contracts/progress.ts';
import { type RunSpec, type TimeoutHours, USUAL_PRIORITY } from '../contracts/run.ts';
import type { CellOrders, CellWord, RetryChange, SaidChange } from '../contracts/steering.ts';
import { failureOf, type Verdict } from '../failures.ts';
import { orders, verdict } from '../messages.ts';
import type { StageMeans } from '../stage.ts';
import { Gate } from './gate.ts';
import type { SweepLimits } from '../policies.ts';
import type { Part } from '../stopped-parts.ts';
import { changedBy, urgency } from './orders.ts';
import { Parked } from './parked.ts';
import { Queued } from './queued.ts';
import { Slots } from './slots.ts';

/** What is given up, as its scope is cancelled, by the word of a person. */
type Word = Exclude<Verdict, 'retry'>;

/**
 * Where a sweep is steered: what people have said, and what waits for them. The board tells how things are, the desk what is to
 * happen; it passes orders on to running cells.
 */
export class Desk {
  readonly gate = new Gate();
  readonly slots: Slots;
  /** For the stages of cells that the sweep runs itself, of which the server holds only so many. */
  readonly patches: Slots;
  /** Trainer jobs of the sweep itself that wait for a device. Cells have their own. */
  readonly queued = new Queued();
  readonly #limits: SweepLimits;
  /** For cells whose start is under way. */
  readonly starts: Slots;
  readonly #board: () => Board;
  readonly #root = CancellationScope.current();
  readonly #parked = new Parked();
  readonly #scopes = new Map<string, Map<Part, CancellationScope>>();
  readonly #words = new Map<string, Word>();
  /** By name, not as children: after a reset, the server passes nothing on from a run to what an earlier one had started. */
  readonly #children = new Map<string, ExternalWorkflowHandle>();
  readonly #startNames = new Map<string, string>();
  /** Words on cells that are blocked, and whose workflow is not there yet. */
  readonly #unheard = new Map<string, 'retry' | 'skip'>();
  /** Cells that were told to do without what they are blocked at, and go on with the rest. */
  readonly #skipping = new Set<string>();
  readonly #priorities = new Map<string, number>();
  readonly #changes = new Map<string, SaidChange>();
  #priority: number | undefined;
  readonly #timeoutHours: TimeoutHours | undefined;
  /** Of stages that units share, and of those of them that a signal had tried again. */
  #sharedTimeoutHours: TimeoutHours | undefined;
  readonly #ownTimeoutHours = new Map<ArtifactKey, TimeoutHours>();
  #ending = false;
  #onFailure: RunSpec['onFailure'];
  #paused = false;
  #isQuiet = false;
  /** Told of every unit that begins to wait for a person. */
  onBlocked: (id: string, failure: Failure) => void = () => {};
  /** Whether a cell is blocked in a workflow that the run before had, and this one has yet to start again. */
  isAwaited: (id: string) => boolean = () => false;
  /** Makes sure, before a cell tries again, that what it shares with others is there. */
  beforeRetry: (id: string) => Promise<void> = async () => {};

  constructor(run: RunSpec, limits: SweepLimits, board: () => Board) {
    this.#limits = limits;
    this.#board = board;
    this.#onFailure = run.onFailure;
    this.#priority = run.priority;
    this.#timeoutHours = run.timeoutHours;
    this.#sharedTimeoutHours = run.timeoutHours;
    const priorityOf = (id: string) => this.#priorityOf(id) ?? USUAL_PRIORITY;
    this.slots = new Slots(run.concurrency, limits.atOnce, priorityOf);
    this.starts = new Slots(null, limits.starting, priorityOf);
    this.patches = new Slots(null, limits.atOnce, priorityOf);
    this.#tell();
  }

  /** Has the board tell what is in force. */
  #tell(): void {
    const priority = this.#priority ?? (workflowInfo().priority?.priorityKey || USUAL_PRIORITY);
    const priorities = Object.fromEntries([...this.#priorities].filter(([, own]) => own !== priority));
    this.#board().steering = { paused: this.#paused, onFailure: this.#onFailure, priority, priorities, concurrency: this.slots.asked, atOnce: this.slots.limit };
  }

  /** What people have said, of all and of single units. */
  get said(): Pick<Carried, 'said' | 'priorities'> & { changes: ReadonlyMap<string, SaidChange>; ownTimeoutHours: ReadonlyMap<ArtifactKey, TimeoutHours> } {
    const said: Said = {
      paused: this.#paused,
      onFailure: this.#onFailure,
      ending: this.#ending,
      concurrency: this.slots.asked,
      ...(this.#priority !== undefined && { priority: this.#priority }),
      ...(this.#sharedTimeoutHours !== undefined && { sharedTimeoutHours: this.#sharedTimeoutHours }),
    };
    return { said, priorities: Object.fromEntries(this.#priorities), changes: this.#changes, ownTimeoutHours: this.#ownTimeoutHours };
  }

  /** Takes up what people said to an earlier run of the sweep. */
  takeUp({ said, priorities, changes, changeOf, units, shared }: Carried): void {
    this.#onFailure = said.onFailure;
    this.#ending = said.ending;
    this.#priority = said.priority;
    this.#sharedTimeoutHours = said.sharedTimeoutHours;
    this.slots.ask(said.concurrency);
    for (const [id, priority] of Object.entries(priorities)) this.#priorities.set(id, priority);
    for (const [id, at] of Object.entries(changeOf)) this.#changes.set(id, changes[at]!);
    for (const { key, timeoutHours } of shared) if (timeoutHours !== undefined) this.#ownTimeoutHours.set(key, timeoutHours);
    for (const [id, { skips }] of Object.entries(units)) if (skips) this.#unheard.set(id, 'skip');
    this.#paused = this.gate.paused = this.slots.paused = said.paused;
    this.#tell();
  }

  get #isLarge(): boolean {
    return this.#board().cells.size > this.#limits.tellingAll;
  }

  /**
   * The run is about to end: no cell is started any more, since one whose start is under way would run on without its sweep, and those
   * that run tell only what cannot wait, since news that come in that moment put it off.
   */
  async quieten(): Promise<void> {
    this.starts.paused = true;
    this.#isQuiet = true;
    if (!this.#isLarge) await this.#order();
  }

  /** Whether whatever a person has stopped has ended. */
  get isSteady(): boolean {
    return [...this.#words.keys()].every((id) => this.stopping(id).length === 0);
  }

  /** Whether a cell's workflow is there. */
  hasWorkflow(id: string): boolean {
    return this.#children.has(id);
  }

  /** Whether a person has said to do without what the cell's workflow is blocked at. */
  skips(id: string): boolean {
    return this.#skipping.has(id) || this.#unheard.get(id) === 'skip';
  }

  /** Whether a person has had tried again what a workflow will be blocked at that is not there yet. */
  retries(id: string): boolean {
    return this.#unheard.get(id) === 'retry';
  }

  /** Whether the sweep as a whole is being cancelled. */
  get cancelled(): boolean {
    return this.#root.consideredCancelled;
  }

  /** Whether what fails is given up at once. */
  get finishing(): boolean {
    return this.#onFailure === 'finish';
  }

  /** Whether a person has told the sweep to finish, so that no unit begins any more. */
  get ending(): boolean {
    return this.#ending;
  }

  #priorityOf(id: string): number | undefined {
    return this.#priorities.get(id) ?? this.#priority;
  }

  /** How a cell is to run now. */
  ordersOf(id: string): CellOrders {
    return { paused: this.#paused, onFailure: this.#onFailure, news: this.#isQuiet || this.#isLarge ? 'outcomes' : 'all', ...urgency({ priority: this.#priorityOf(id), timeoutHours: this.#timeoutHours }), ...this.#changes.get(id) };
  }

  /** How a stage of a unit that the sweep runs itself is to run. */
  meansOf(id: string): StageMeans {
    return urgency(this.ordersOf(id));
  }

  /** The same of one that units share; of the report, which is of all of them, where none is named. */
  meansOfShared(key?: ArtifactKey): StageMeans {
    const own = key === undefined ? undefined : this.#ownTimeoutHours.get(key);
    return urgency({ priority: this.#priority, timeoutHours: own ?? this.#sharedTimeoutHours });
  }

  /** Runs a part of a unit so that a word on the unit can stop it. */
  async inScope<T>(id: string, part: Part, work: () => Promise<T>): Promise<T> {
    const scope = new CancellationScope();
    const scopes = this.#scopes.get(id) ?? new Map<Part, CancellationScope>();
    this.#scopes.set(id, scopes.set(part, scope));
    try {
      return await scope.run(work);
    } finally {
      scopes.delete(part);
    }
  }

  /** Parts of a unit that a person has stopped, and that have not ended yet. */
  stopping(id: string): Part[] {
    return this.#words.has(id) ? [...(this.#scopes.get(id)?.keys() ?? [])] : [];
  }

  /** The word that stopped a unit; null where none did. */
  wordOn(id: string): Word | null {
    return this.#words.get(id) ?? null;
  }

  /** What is to become of something that failed for good: the word of a person, for whom it waits. `part` tells parts of a unit apart; `news` are told. */
  async verdictOn(id: string, news: readonly Failure[], part = ''): Promise<Verdict> {
    if (this.#onFailure === 'finish') return 'finish';
    for (const failure of news) this.onBlocked(id, failure);
    return this.#parked.wait(`${id} ${part}`);
  }

  /** A name for the coming start of a cell's workflow, another one for each. */
  starting(id: string): string {
    const name = uuid4();
    this.#startNames.set(id, name);
    return name;
  }

  /** Whether a cell was started under this name by this run of the sweep; one that was reset has started those that are in its history. */
  hasStarted(id: string, name: string | undefined): boolean {
    return this.#startNames.get(id) === name;
  }

  /** A cell's workflow has started: from now on it is told what changes. */
  async started(id: string, child: Pick<ChildWorkflowHandle<typeof cell>, 'workflowId'>, given: CellOrders): Promise<void> {
    this.#children.set(id, getExternalWorkflowHandle(child.workflowId));
    // What was said while it started.
    if (JSON.stringify(given) !== JSON.stringify(this.ordersOf(id))) await this.#order([id]);
    const word = this.#unheard.get(id);
    this.#unheard.delete(id);
    if (word === 'retry') this.#tryAgain(id);
    if (word === 'skip') await this.#tellSkip([id]);
  }

  ended(id: string): void {
    this.#children.delete(id);
    this.#skipping.delete(id);
  }

  async setPaused(paused: boolean): Promise<void> {
    if (this.#paused === paused) return;
    this.#paused = paused;
    this.#tell();
    this.gate.paused = paused;
    this.slots.paused = paused;
    await this.#order();
  }

  async setPriority(priority: number, ids?: readonly string[]): Promise<void> {
    const before = new Map(this.queued.owners.map((of) => [of, this.#priorityOf(of)]));
    if (ids === undefined) {
      this.#priority = priority;
      this.#priorities.clear();
    } else for (const id of ids) this.#priorities.set(id, priority);
    this.#tell();
    this.queued.putBack((of) => this.#priorityOf(of) !== before.get(of));
    await this.#order(ids);
  }

  /** Cells and baselines that run at once; null: as many as may. */
  setConcurrency(cells: number | null): void {
    this.slots.ask(cells);
    this.#tell();
  }

  async retry(ids: readonly string[], change: RetryChange = {}): Promise<void> {
    if (this.#isTakingUp) await condition(() => !this.#isTakingUp);
    if (change.run?.timeoutHours !== undefined) {
      this.#sharedTimeoutHours = change.run.timeoutHours;
      this.#ownTimeoutHours.clear();
    }
    for (const id of ids) {
      this.#changes.set(id, { ...this.#changes.get(id), ...changedBy(change) });
      onUnitRetried(this.#board(), id);
      if (this.#children.has(id)) this.slots.goOn(id);
      this.#release('retry', id);
    }
    await this.#order(ids);
    // Making something anew may take hours, for which nobody waits.
    for (const id of ids) if (this.#children.has(id)) void this.#retryCell(id);
  }

  /**
   * What a person has told a cell holds for the workflow that follows, where the run ends. `startedAs`: which start of it was told; that of
   * a run before has ended since, and left what it was told to the one that there is, or will be. `blocked`: so it is shown to be.
   */
  takeWord({ cell: id, verdict: by, change }: CellWord, startedAs: string | undefined, blocked: boolean): void {
    if (change !== undefined) this.#changes.set(id, { ...this.#changes.get(id), ...change });
    if (this.hasStarted(id, startedAs)) {
      if (by === 'skip') this.#skipping.add(id);
      else if (blocked) this.slots.goOn(id);
      return;
    }
    if (change !== undefined) void this.#order([id]);
    if (!blocked) return;
    if (!this.#children.has(id)) this.#release(by, id, [partsOf(id)[0]]);
    else if (by === 'retry') this.#tryAgain(id);
    else void this.#tellSkip([id]);
  }

  /** The same of what waits here: units that have no workflow of their own (yet), or whose patching is blocked. Cells have their own signal. */
  retryOwn(change: RetryChange): void {
    const hours = change.run?.timeoutHours;
    if (hours !== undefined) for (const [key, { status }] of this.#board().shared) if (status === 'blocked') this.#ownTimeoutHours.set(key, hours);
    for (const id of this.#waitingHere()) {
      this.#changes.set(id, { ...this.#changes.get(id), ...changedBy(change) });
      if (this.isAwaited(id)) onUnitRetried(this.#board(), id);
      this.#release('retry', id);
    }
  }

  #tryAgain(id: string): void {
    this.slots.goOn(id);
    void this.#retryCell(id);
  }

  async #retryCell(id: string): Promise<void> {
    try {
      await this.beforeRetry(id);
      await this.#signal([id], (child) => child.signal(verdict, 'retry'));
    } catch (error) {
      if (this.cancelled) return;
      const failure = failureOf(error, id);
      onUnitBlocked(this.#board(), id, failure);
      this.slots.leave(id);
      this.onBlocked(id, failure);
    }
  }

  /** Blocked units do without what is blocked; of others nothing more is made. */
  async skip(ids: readonly string[]): Promise<void> {
    if (this.#isTakingUp) await condition(() => !this.#isTakingUp);
    const { cells } = this.#board();
    const blocked = ids.filter((id) => cells.get(id)?.status === 'blocked');
    for (const id of blocked) this.#release('skip', id);
    for (const id of ids) if (['waiting', 'running'].includes(cells.get(id)?.status ?? '')) this.#stop(id, 'skip');
    await this.#tellSkip(blocked);
  }

  async #tellSkip(ids: readonly string[]): Promise<void> {
    for (const id of ids) if (this.#children.has(id)) this.#skipping.add(id);
    await this.#signal(ids, (child) => child.signal(verdict, 'skip'));
  }

  /** What a cell was told to do without is not what blocks it since. */
  blockedSince(id: string): void {
    this.#skipping.delete(id);
  }

  /** The same of what waits here. */
  skipOwn(): void {
    for (const id of this.#waitingHere()) this.#release('skip', id);
  }

  /** What is blocked or has not begun is given up, and what fails from now on; with `now`, whatever runs. */
  async finish(now: boolean): Promise<void> {
    if (this.#isTakingUp) await condition(() => !this.#isTakingUp);
    this.#onFailure = 'finish';
    this.#ending = true;
    this.#tell();
    const { cells } = this.#board();
    for (const [id, { status }] of cells) if (now || status === 'waiting') this.#stop(id, 'finish');
    this.#parked.release('finish');
    // Whoever is held up goes on to the end; setting that passes all orders on.
    if (this.#paused) await this.setPaused(false);
    else await this.#order();
  }

  /** What blocks a cell is put right without a person. */
  heal(id: string): void {
    onUnitRetried(this.#board(), id);
    this.#tryAgain(id);
  }

  /** A cell that is blocked does without that. */
  async giveUp(id: string): Promise<void> {
    await this.#order([id]);
  }

  #release(by: 'retry' | 'skip', id: string, parts: string[] = partsOf(id)): void {
    const isHere = this.#parked.release(by, parts) || this.#children.has(id);
    if (!isHere || this.isAwaited(id)) this.#unheard.set(id, by);
  }

  #waitingHere(): string[] {
    return [...this.#board().cells.keys()].filter((id) => this.isAwaited(id) || partsOf(id).some((part) => this.#parked.has(part)));
  }

  /** A sweep that continues knows its units before they go on, and are there to be told anything. */
  get #isTakingUp(): boolean {
    const { phase, cells } = this.#board();
    return phase === 'planning' && cells.size > 0;
  }

  #stop(id: string, word: Word): void {
    const scopes = [...(this.#scopes.get(id)?.values() ?? [])];
    if (scopes.length > 0 && !this.#words.has(id)) this.#words.set(id, word);
    for (const scope of scopes) scope.cancel();
  }

  #order(ids?: readonly string[]): Promise<void> {
    return this.#signal(ids ?? [...this.#children.keys()], (child, id) => child.signal(orders, this.ordersOf(id)));
  }

  async #signal(ids: readonly string[], send: (child: ExternalWorkflowHandle, id: string) => Promise<void>): Promise<void> {
    await Promise.all(
      ids.map(async (id) => {
        const child = this.#children.get(id);
        // A cell that has just ended needs no orders.
        if (child !== undefined) await send(child, id).catch(() => {});
      }),
    );
  }
}

/** Names of what may wait of a unit: the unit itself, and its patching. */
function partsOf(id: string): [own: string, patch: string] {
  return [`${id} `, `${id} patch`];
}
