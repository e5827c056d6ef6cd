import { Tally } from '#activities/source/index.ts';
import type { DatasetCard, Example } from '#workflows/contracts/dataset.ts';
import type { Condition, Split, Task } from '#workflows/contracts/experiment.ts';

/** Samples shown in full on a card. */
const SAMPLES = 3;

/** Gathers a dataset's card while its examples are written. */
export class CardWriter {
  readonly dropped = new Tally();
  readonly #card: Pick<DatasetCard, 'task' | 'condition' | 'generator' | 'samples'>;
  readonly #splits = new Map<Split, { examples: number; tokens: number; min: number; max: number; depth: number }>();

  constructor(task: Task, condition: Condition, generator: string) {
    this.#card = { task, condition, generator, samples: [] };
  }

  add(example: Example): void {
    const { split, promptTokens, prompt, needles } = example;
    const seen = this.#splits.get(split) ?? { examples: 0, tokens: 0, min: Number.POSITIVE_INFINITY, max: 0, depth: 0 };
    const length = codePoints(prompt);
    this.#splits.set(split, {
      examples: seen.examples + 1,
      tokens: seen.tokens + promptTokens,
      min: Math.min(seen.min, promptTokens),
      max: Math.max(seen.max, promptTokens),
      depth: seen.depth + needles.reduce((sum, { start }) => sum + start / length, 0) / needles.length,
    });
    if (this.#card.samples.length < SAMPLES) this.#card.samples.push(example);
  }

  finish(): DatasetCard {
    const { task, condition, generator, samples } = this.#card;
    return {
      task,
      condition,
      splits: Object.fromEntries(
        [...this.#splits].map(([split, { examples, tokens, min, max, depth }]) => [
          split,
          { examples, promptTokens: { min, mean: tokens / examples, max }, meanNeedleDepth: depth / examples },
        ]),
      ),
      dropped: this.dropped.toRecord(),
      generator,
      samples,
    };
  }
}

function codePoints(text: string): number {
  return text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);
}
