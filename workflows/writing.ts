/** Texts of an LLM within a sweep: one account for all of them, a pause at the cost ceiling, and batches with durable waiting. */
import { ApplicationFailure, condition, proxyActivities, sleep } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { Recipe, StageResult } from './contracts/artifacts.ts';
import type { LlmUse } from './contracts/requests.ts';
import type { SweepSpec } from './contracts/spec.ts';
import { llmUseOf } from './plan/llm-use.ts';
import { BATCH_POLL, MOST_BATCH_ROUNDS, POLICIES } from './policies.ts';
import type { RetryChange } from './contracts/steering.ts';
import { explained, runStage, type StageMeans, urgencyOptions } from './stage.ts';

const { submitTexts, collectTexts } = proxyActivities<Activities>(POLICIES.writing);

/** The failure of a stage that would spend more than allowed (infra/llm). */
const CEILING_REACHED = 'CostCeilingReached';

/** Why stages wait for a higher ceiling, by label. */
type Waiting = Readonly<Record<string, string>>;

/** How a sweep's stages may use the LLM. The ceiling can be raised while they run. */
export class LlmAccount {
  #use: LlmUse | undefined;
  /** Stages that wait for a ceiling other than the one that they came to, by label. */
  readonly #waiting = new Map<string, { reason: string; ceiling: number | undefined }>();
  /** Told what stages wait for; null once they go on. */
  onWait: (waitingFor: string | null) => void = () => {};

  /** `use`: where an earlier run of the sweep has come to use it otherwise than its spec says. `waiting`: what waited then. */
  constructor(spec: SweepSpec, use: LlmUse | undefined = llmUseOf(spec), waiting: Waiting = {}) {
    this.#use = use;
    for (const [label, reason] of Object.entries(waiting)) this.#waiting.set(label, { reason, ceiling: this.ceiling });
  }

  /** How the LLM may be used now; undefined where none is asked. */
  get use(): LlmUse | undefined {
    return this.#use;
  }

  get ceiling(): number | undefined {
    return this.#use?.costCeilingDollars;
  }

  /** What waits for a higher ceiling than there is. */
  get waiting(): Waiting {
    return Object.fromEntries([...this.#waiting].flatMap(([label, { reason, ceiling }]) => (ceiling === this.ceiling ? [[label, reason]] : [])));
  }

  /** @throws ApplicationFailure that says why a new ceiling is refused */
  checkCeiling(dollars: unknown): void {
    if (this.ceiling !== undefined && typeof dollars === 'number' && dollars > this.ceiling) return;
    const allowed = this.ceiling === undefined ? 'nothing, since this sweep has no cost ceiling' : `dollars above ${this.ceiling}`;
    throw ApplicationFailure.nonRetryable(`found ${JSON.stringify(dollars)}, allowed: ${allowed}`, 'InvalidInput');
  }

  /** Stages that wait go on. */
  raise(dollars: number): void {
    if (this.#use !== undefined) this.#use = { ...this.#use, costCeilingDollars: dollars };
    this.#tell();
  }

  /** @throws ApplicationFailure where no LLM is asked */
  checkChange(): void {
    if (this.#use === undefined) throw ApplicationFailure.nonRetryable('change.write: found in a sweep that asks no LLM, allowed: nothing', 'InvalidInput');
  }

  /** Stages that are tried again, or have not begun, ask so from now on. */
  change(change: NonNullable<RetryChange['write']>): void {
    if (this.#use !== undefined) this.#use = { ...this.#use, ...JSON.parse(JSON.stringify(change)) };
  }

  /** Runs a writing stage; where the ceiling is reached, or was in the run before, it waits until that is raised. */
  async write(label: string, recipe: Recipe, means: () => StageMeans = () => ({})): Promise<StageResult> {
    for (;;) {
      await this.#raised(label);
      const { ceiling } = this;
      try {
        if (this.#use?.mode === 'batch') await this.#fillCache(label, recipe, means);
        return await runStage(label, recipe, { ...means(), llm: this.#use });
      } catch (error) {
        if (!(error instanceof ApplicationFailure) || error.type !== CEILING_REACHED) throw error;
        this.#waiting.set(label, { reason: error.message, ceiling });
        this.#tell();
      }
    }
  }

  /** Has everything that the stage would ask answered in batches; what comes back unfit is asked in the next ones. */
  async #fillCache(label: string, recipe: Recipe, means: () => StageMeans): Promise<void> {
    const use = this.#use as LlmUse;
    for (let rounds = 0; rounds < MOST_BATCH_ROUNDS; ) {
      const { batches, more } = await explained(submitTexts.executeWithOptions({ summary: `${label}: batches are submitted`, ...urgencyOptions(recipe.stage, means()) }, [{ recipe, locations: {}, llm: use }]), `${label}, stage ${recipe.stage}: `, [recipe.stage]);
      if (batches.length === 0) return;
      for (let wait: number = BATCH_POLL.firstMs; ; wait = Math.min(wait * BATCH_POLL.factor, BATCH_POLL.mostMs)) {
        const { pending } = await explained(collectTexts.executeWithOptions({ summary: `${label}: whether ${batches.length} batches are done`, ...urgencyOptions(recipe.stage, means()) }, [{ recipe, llm: use, batches }]), `${label}, stage ${recipe.stage}: `, [recipe.stage]);
        if (pending === 0) break;
        await sleep(wait);
      }
      // One that left requests out is part of the next one.
      if (!more) rounds += 1;
    }
    throw ApplicationFailure.nonRetryable(`${label}, stage ${recipe.stage}: after ${MOST_BATCH_ROUNDS} rounds of batches some requests have no reply yet; start the sweep again later, or with write.mode "online"`, 'BatchesUnanswered');
  }

  /** Returns once a stage that waits, if it does, may go on. */
  async #raised(label: string): Promise<void> {
    const waiting = this.#waiting.get(label);
    if (waiting === undefined) return;
    await condition(() => this.ceiling !== waiting.ceiling);
    this.#waiting.delete(label);
    this.#tell();
  }

  #tell(): void {
    this.onWait(Object.values(this.waiting)[0] ?? null);
  }
}
