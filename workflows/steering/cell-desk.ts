import { CancellationScope, condition, type ExternalWorkflowHandle, getExternalWorkflowHandle, isCancellation, log, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow';
import { inLine, MADE_ANEW, OF, ROOM_BELOW, stageText } from '../advance-text.ts';
import { showStage, showStatus } from '../attributes.ts';
import type { Recipe, Stage, StageResult } from '../contracts/artifacts.ts';
import type { CellStatus, Failure, StageAdvance, StageEvent, StageNews } from '../contracts/progress.ts';
import type { CellOrders, CellWord } from '../contracts/steering.ts';
import { failureOf, givenUp, type Verdict } from '../failures.ts';
import { cellLabel } from '../ids.ts';
import { cellProgress, FROM_WITHIN, orders, retryCell, skipCell, stageEvents, stageNews, verdict } from '../messages.ts';
import { artifactKey } from '../plan/keys.ts';
import type { CellWork } from '../plan/plan.ts';
import { NEWS_PAUSE_MS } from '../policies.ts';
import { runStage } from '../stage.ts';
import { changedBy, type OwnChange, stillOwn, urgency } from './orders.ts';
import { isHealable } from './healing.ts';
import { Parked } from './parked.ts';
import { Queued } from './queued.ts';

/** A stage event without the cell, which the desk knows. */
type Told<T> = T extends StageEvent ? Omit<T, 'cell'> : never;

/**
 * The one place of a cell that knows about pausing, parking and telling: it runs stages by the orders of the sweep, keeps those
 * that failed waiting for a person's word, and tells the sweep and the UI of all that happens.
 */
export class CellDesk {
  readonly #plan: CellWork;
  readonly #label: string;
  readonly #startedAs: string;
  readonly #sweep: ExternalWorkflowHandle | null;
  readonly #parked = new Parked();
  readonly #queued = new Queued();
  readonly #running = new Map<Stage, StageAdvance | null>();
  readonly #blocked = new Map<Stage, Failure>();
  readonly #done = new Map<Stage, StageResult>();
  /** What was blocked before the cell began, until its stage's turn comes. */
  readonly #left = new Map<Stage, { failures: Failure[]; verdict: Promise<Verdict> }>();
  /** From the sweep, and what the cell was told itself, which its own signal brings. */
  #sent: CellOrders;
  #own: OwnChange = {};
  #status: CellStatus | 'cancelled' = 'running';
  /** News that the sweep is to be told, and those on their way. */
  #news: StageEvent[] = [];
  /** What people have told the cell alone, for the sweep to know. */
  #words: CellWord[] = [];
  #telling: Promise<void>[] = [];
  /** Why the last `retry` did nothing. */
  #refused: string | null = null;
  /** From now on news wait for the cell's end. */
  #ending = false;

  /** `startedAs`: by which the sweep knows this start of the cell. `blocked`: what a person is waited for, as the sweep knows. */
  constructor(plan: CellWork, given: CellOrders, startedAs: string, blocked: readonly Failure[]) {
    this.#plan = plan;
    this.#startedAs = startedAs;
    this.#label = cellLabel(plan);
    this.#sent = given;
    // Before anybody may speak.
    this.#leave(blocked);
    const { parent } = workflowInfo();
    // Whichever run of it there is: after a reset, the new one goes on with the cells that the old one had started.
    this.#sweep = parent === undefined ? null : getExternalWorkflowHandle(parent.workflowId);
    const ordered = (next: CellOrders) => {
      const moved = next.priority !== this.#orders.priority;
      this.#own = stillOwn(this.#own, this.#sent, next);
      this.#sent = next;
      if (moved) this.#queued.putBack();
      if (next.onFailure === 'finish') this.#parked.release('finish');
    };
    setHandler(orders, ordered, { description: FROM_WITHIN });
    setHandler(
      retryCell,
      async (given) => {
        // Cells that nothing goes wrong with have no need of the schemas (workflows/index.ts).
        const { retryChange } = await import(/* webpackMode: "eager" */ './retry-change.ts');
        const { change, refused } = retryChange(given);
        // A signal cannot be refused, so it is shown; the update of the sweep says what is wrong at once.
        this.#refused = refused;
        this.#showDetails();
        if (change === null) return log.warn(refused ?? '');
        this.#take('retry', changedBy(change));
      },
      { description: 'Tries what is blocked again, with changes or without: {"run": {"timeoutHours": 72}}. In bulk: temporal workflow signal --query' },
    );
    setHandler(skipCell, () => this.#take('skip'), { description: 'Does without what is blocked' });
    const told = (by: 'retry' | 'skip') => {
      if (by === 'retry') this.#refused = null;
      this.#parked.release(by);
    };
    setHandler(verdict, told, { description: FROM_WITHIN });
    const heard = ({ key, advance }: StageNews) => {
      const stage = [...this.#running.keys()].find((running) => this.#keyOf(running) === key);
      if (stage === undefined) return;
      this.#queued.taken(key);
      this.#running.set(stage, advance);
      this.#tell({ stage, state: 'advanced', advance });
    };
    setHandler(stageNews, heard, { description: FROM_WITHIN });
    const standing = () => ({
      cell: plan.id,
      status: this.#status,
      running: Object.fromEntries(this.#running),
      blocked: [...this.#blocked.values()],
      done: Object.fromEntries([...this.#done].map(([stage, { ref, summary }]) => [stage, { artifact: `${ref.stage}/${ref.key}`, summary }])),
    });
    setHandler(cellProgress, standing, { description: 'What the cell has done, does, and is blocked at' });
    void this.#forward();
  }

  get #orders(): CellOrders {
    return { ...this.#sent, ...this.#own };
  }

  /** Does what a person says to the cell alone. Where it goes on after that, its sweep is to know at once: this workflow may end with a run of the sweep, and another one follow. */
  #take(by: CellWord['verdict'], change: OwnChange = {}): void {
    this.#own = { ...this.#own, ...change };
    const isChanged = Object.keys(change).length > 0;
    const isReleased = this.#parked.release(by);
    const goesOn = by === 'retry' || this.#running.size > 0 || this.#orders.paused;
    if (isChanged || (isReleased && goesOn)) this.#words.push({ cell: this.#plan.id, verdict: by, ...(isChanged && { change }) });
  }

  /** Runs a stage until it is done. Throws `GivenUp` where it failed and a person, or the spec, does without it. */
  async run(recipe: Recipe | undefined): Promise<void> {
    if (recipe === undefined) return;
    const { stage } = recipe;
    const again = this.#done.has(stage);
    await this.#passLeft(stage);
    for (;;) {
      if (this.#orders.paused) await condition(() => !this.#orders.paused);
      try {
        this.#running.set(stage, null);
        this.#tell({ stage, state: 'running', ...(again && { again }) });
        this.#showStage(stage);
        const result = await this.#queued.run(recipe, this.#plan.id, () => runStage(this.#label, recipe, { ...this.#means(stage), ...(again && { why: MADE_ANEW }) }));
        this.#running.delete(stage);
        this.#done.set(stage, result);
        this.#tell({ stage, state: 'done', result });
        return;
      } catch (error) {
        this.#running.delete(stage);
        if (isCancellation(error)) throw error;
        const failure = failureOf(error, this.#label);
        const verdict = await this.#verdictOn(stage, failure);
        if (verdict !== 'retry') throw givenUp([failure], verdict);
        await this.#remakeInputsOf(recipe);
      }
    }
  }

  /** Has failures wait, each at its stage, for the word of a person; those that no stage of the cell told, at the first. */
  #leave(blocked: readonly Failure[]): void {
    const stages = Object.keys(this.#plan.stages) as Stage[];
    for (const [stage, failures] of Map.groupBy(blocked, (failure) => stages.find((own) => own === failure.stage) ?? stages[0]!)) {
      const verdict = this.#parked.wait(stage);
      // Of a cell that is cancelled before it comes to the stage.
      verdict.catch(() => {});
      this.#left.set(stage, { failures, verdict });
      this.#blocked.set(stage, failures[0]!);
    }
    if (blocked.length > 0) this.#showStage([...this.#left.keys()][0]!);
  }

  /** Returns once a stage that was left blocked is to be tried again. Throws `GivenUp` where it is done without. */
  async #passLeft(stage: Stage): Promise<void> {
    const left = this.#left.get(stage);
    if (left === undefined) return;
    this.#left.delete(stage);
    this.#showStage(stage);
    const verdict = this.#orders.onFailure === 'finish' ? 'finish' : await left.verdict;
    this.#blocked.delete(stage);
    if (verdict !== 'retry') throw givenUp(left.failures, verdict);
  }

  /** Inputs that the cell has made itself and that have gone since, such as a discarded artifact, are made anew; others take a moment. */
  async #remakeInputsOf({ inputs }: Recipe): Promise<void> {
    const keys = new Set(Object.values(inputs).map(({ key }) => key));
    for (const recipe of Object.values(this.#plan.stages) as Recipe[]) {
      if (this.#done.has(recipe.stage) && keys.has(artifactKey(recipe))) {
        await this.#remakeInputsOf(recipe);
        await this.run(recipe);
      }
    }
  }

  async #verdictOn(stage: Stage, failure: Failure) {
    // What might be put right is for the sweep to say.
    if (this.#orders.onFailure === 'finish' && (this.#sweep === null || !isHealable(failure))) return 'finish';
    this.#blocked.set(stage, failure);
    this.#tell({ stage, state: 'blocked', failure });
    this.#showStage(stage);
    const verdict = await this.#parked.wait(stage);
    this.#blocked.delete(stage);
    return verdict;
  }

  /** The cell has come to its end. */
  show(status: CellStatus | 'cancelled'): void {
    this.#status = status;
    showStatus(status);
    this.#showDetails();
  }

  /** What the sweep has not been told, for a cell that is done to end with: a last signal would cost both of them more than that. */
  async untold(): Promise<StageEvent[]> {
    this.#ending = true;
    await Promise.all(this.#telling);
    return this.#takeNews();
  }

  /** Resolves when the sweep knows all, where the cell ends without a result; also where the sweep is no more, or the cell is being cancelled. */
  async told(): Promise<void> {
    await CancellationScope.nonCancellable(async () => {
      this.#send();
      await Promise.all(this.#telling);
    });
  }

  #tell(event: Told<StageEvent>): void {
    this.#news.push({ ...event, cell: this.#plan.id } as StageEvent);
    this.#showDetails();
  }

  /**
   * Sends news as they come, but those that rush in together: a signal costs the sweep more than a short stage costs its worker. A
   * condition is looked at when all else of the moment is done, so one signal has all of it.
   */
  async #forward(): Promise<void> {
    const isUrgent = () => this.#words.length > 0 || this.#news.some(({ state }) => state === 'blocked');
    let sentAt = Date.now();
    try {
      for (;;) {
        await condition(() => (this.#orders.news === 'all' ? isUrgent() || this.#news.length > 0 : isUrgent()));
        const wait = sentAt + NEWS_PAUSE_MS - Date.now();
        if (wait > 0) await condition(isUrgent, wait);
        // Signals may overtake each other, and what a person has said last is to hold.
        if (this.#words.length > 0) await Promise.all(this.#telling);
        if (this.#ending) return;
        this.#send();
        sentAt = Date.now();
      }
    } catch (error) {
      // What is left then is sent at the end.
      if (!isCancellation(error)) throw error;
    }
  }

  #send(): void {
    const news = this.#takeNews();
    const words = this.#words.splice(0);
    if (news.length + words.length === 0 || this.#sweep === null) return;
    this.#telling.push(this.#sweep.signal(stageEvents, news, this.#startedAs, ...(words.length > 0 ? ([words] as const) : [])).catch(() => {}));
  }

  #takeNews(): StageEvent[] {
    const news = this.#news.splice(0);
    return this.#orders.news === 'all' ? news : outcomesOf(news);
  }

  #showStage(stage: Stage): void {
    this.#status = this.#blocked.size > 0 ? 'blocked' : 'running';
    showStage(stage, this.#status);
    this.#showDetails();
  }

  #means(stage: Stage) {
    const { checkpointMinutes = this.#plan.checkpointMinutes } = this.#orders;
    return { ...urgency(this.#orders), ...(stage === 'train' && { checkpointMinutes }), ...(this.#plan.force?.stages.some((forced) => forced === stage) && { force: this.#plan.force.label }) };
  }

  #keyOf(stage: Stage): string | undefined {
    const recipe = (Object.values(this.#plan.stages) as Recipe[]).find((one) => one.stage === stage);
    return recipe && artifactKey(recipe);
  }

  #showDetails(): void {
    setCurrentDetails(
      [
        `${this.#label}: **${this.#status}**`,
        '',
        ...[...this.#done].filter(([stage]) => !this.#running.has(stage)).map(([stage, { reused, summary }]) => `- ${stage}: ${reused ? 'was there' : 'done'}${typeof summary.f1 === 'number' ? `, F1 ${summary.f1.toFixed(2)}` : ''}${typeof summary.retrievalHeads === 'number' ? `, ${summary.retrievalHeads} retrieval heads` : ''}`),
        ...[...this.#running].map(([stage, advance]) => `- ${advance === null || advance.phase === stage ? '' : `**${stage}**: `}${stageText(stage, advance, OF)}${this.#done.has(stage) ? `, ${MADE_ANEW}` : ''}`),
        ...[...this.#blocked].flatMap(([stage, { message, remedy }]) => [`- **${stage} is blocked**: ${inLine(message)}. **What to do:** ${remedy}`]),
        ...(this.#refused === null ? [] : ['', inLine(this.#refused)]),
        ...(this.#blocked.size > 0 ? ['', `\`temporal workflow signal --name retry\` \`--workflow-id ${workflowInfo().workflowId}\``] : []),
        ...ROOM_BELOW,
      ].join('\n'),
    );
  }
}

/** Of what happened by and by, what is left of it at the end: stages that ended, and those that are under way. */
function outcomesOf(news: readonly StageEvent[]): StageEvent[] {
  const ended = new Set(news.flatMap(({ stage, state }) => (state === 'done' || state === 'blocked' ? [stage] : [])));
  return news.filter(({ stage, state }) => state === 'done' || state === 'blocked' || (state === 'running' && !ended.has(stage)));
}
