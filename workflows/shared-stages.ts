import { CancellationScope, isCancellation } from '@temporalio/workflow';
import { MADE_ANEW } from './advance-text.ts';
import { type Board, onShared, onSharedDone } from './board.ts';
import type { ArtifactKey, Recipe, StageResult } from './contracts/artifacts.ts';
import type { FindResult } from './contracts/requests.ts';
import { failureOf } from './failures.ts';
import { findAll } from './finding.ts';
import { forceOf } from './plan/filters.ts';
import { artifactKey, refOf } from './plan/keys.ts';
import { sharedDatasets, type Unit } from './plan/plan.ts';
import { runStage } from './stage.ts';
import { untilCancelled } from './steering/cancellable.ts';
import type { Desk } from './steering/desk.ts';
import type { LlmAccount } from './writing.ts';

export interface SharedMeans {
  board: Board;
  desk: Desk;
  finished: FindResult;
  /** Where files lie, by SHA-256. */
  locations: Record<string, string>;
  account: LlmAccount;
  changed: () => void;
}

/** Whose the stages are that no one unit owns. */
const SHARED = '';

/** What cells share, each made once, whichever cell asks first; the others wait for the same run. What failed is made when it is asked for again. */
export class SharedStages {
  readonly #means: SharedMeans;
  readonly #runs = new Map<ArtifactKey, Promise<StageResult>>();
  /** Made once, and gone since. */
  readonly #lost = new Set<ArtifactKey>();
  /** No cell that asks owns a shared stage: giving up one must not stop what others wait for. */
  readonly #scope = new CancellationScope();
  readonly #datasets: ReadonlySet<ArtifactKey>;

  constructor(means: SharedMeans) {
    this.#means = means;
    this.#datasets = sharedDatasets(means.board.plan);
  }

  /** Everything that a cell shares with others, each stage after those it rests on. */
  async make(unit: Unit): Promise<void> {
    const { task, model, shared: { source, corpus, base, ranking, test, needles, passages } } = unit;
    const chain = async (named: Record<string, Recipe | undefined>) => {
      for (const [label, recipe] of Object.entries(named)) await this.#once(label, recipe);
    };
    await chain({ [`${task}: source rows`]: source, [`${task}: passage ranking`]: ranking });
    // Texts are written while the base is prepared; they are the same for every model.
    await allSettled([
      chain({ [`${model}: corpus`]: corpus, [`${model}: base model`]: base, [`${task} × ${model}: test split`]: test }),
      this.#once(writingLabel(task, needles), needles),
      this.#once(writingLabel(task, passages), passages),
    ]);
    if ('condition' in unit && this.#datasets.has(artifactKey(unit.stages.dataset))) await this.#once(`${task} × ${model}: ${unit.condition} data`, unit.stages.dataset);
  }

  /** The same for a cell that is tried again: what has gone since it was made, such as a discarded artifact, is made anew. */
  async remake(unit: Unit): Promise<void> {
    const { board, finished } = this.#means;
    const recipes = [...Object.values<Recipe>({ ...unit.shared }), ...('condition' in unit ? [unit.stages.dataset] : [])];
    const there = await findAll(recipes.map((recipe) => ({ ...refOf(recipe), force: forceOf(board.plan, recipe) })));
    for (const { key } of recipes.map(refOf)) {
      if (key in there || board.shared.get(key)?.status !== 'done') continue;
      delete finished[key];
      this.#runs.delete(key);
      this.#lost.add(key);
    }
    await this.make(unit);
  }

  /** Stops what runs for cells that were all given up. */
  async stop(): Promise<void> {
    this.#scope.cancel();
    await Promise.allSettled(this.#runs.values());
  }

  async #once(label: string, recipe: Recipe | undefined): Promise<void> {
    if (recipe === undefined) return;
    const key = artifactKey(recipe);
    const running = this.#runs.get(key) ?? this.#scope.run(() => this.#run(label, key, recipe));
    this.#runs.set(key, running);
    await untilCancelled(running);
  }

  async #run(label: string, key: ArtifactKey, recipe: Recipe): Promise<StageResult> {
    const { board, desk, finished, locations, account, changed } = this.#means;
    const there = finished[key];
    if (there !== undefined) {
      // That of an earlier run of the sweep is counted already.
      if (board.shared.get(key)?.status !== 'done') onSharedDone(board, key, label, recipe, there);
      return there;
    }
    await desk.gate.passed();
    onShared(board, key, label, { status: 'running', failure: null });
    changed();
    try {
      const means = () => ({ summary: label, force: forceOf(board.plan, recipe), ...desk.meansOfShared(key), ...(this.#lost.has(key) && { why: MADE_ANEW }) });
      const result = await (recipe.stage === 'write' ? account.write(label, recipe, means) : desk.queued.run(recipe, SHARED, () => runStage(label, recipe, { locations, ...means() })));
      onSharedDone(board, key, label, recipe, result);
      return result;
    } catch (error) {
      this.#runs.delete(key);
      if (!isCancellation(error)) onShared(board, key, label, { status: desk.finishing ? 'failed' : 'blocked', advance: null, failure: failureOf(error, label) });
      throw error;
    } finally {
      changed();
    }
  }
}

/** Waits for all, then throws what the first failed one threw. */
export async function allSettled(work: Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(work)) if (outcome.status === 'rejected') throw outcome.reason;
}

/** `mdqa: low needles`. */
function writingLabel(task: string, recipe: Recipe | undefined): string {
  return `${task}: ${recipe?.params.expression} ${recipe?.params.what}`;
}
