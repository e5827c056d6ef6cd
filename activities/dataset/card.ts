import { Tally } from '#activities/source/index.ts';
import type { DatasetCard, Example } from '#workflows/contracts/dataset.ts';
import type { DataKind, Split, Task } from '#workflows/contracts/experiment.ts';

/** Samples shown in full on a card. */
const SAMPLES = 3;

/** Gathers a dataset's card while its examples are written. */
export class CardWriter {
  readonly dropped = new Tally();
  readonly #card: Pick<DatasetCard, 'task' | 'condition' | 'generator' | 'writing' | 'samples'>;
  readonly #splits = new Map<Split, { tokens: number[]; depths: number[]; depth: number }>();

  constructor(task: Task, condition: DataKind, generator: string, writing: DatasetCard['writing'] = {}) {
    this.#card = { task, condition, generator, writing, samples: [] };
  }

  add(example: Example): void {
    const { split, promptTokens, prompt, needles } = example;
    const seen = this.#splits.get(split) ?? { tokens: [], depths: [], depth: 0 };
    const length = codePoints(prompt);
    const depths = needles.map(({ start }) => start / length);
    seen.tokens.push(promptTokens);
    seen.depths.push(...depths);
    seen.depth += depths.reduce((sum, depth) => sum + depth, 0) / depths.length;
    this.#splits.set(split, seen);
    if (this.#card.samples.length < SAMPLES) this.#card.samples.push(example);
  }

  finish(): DatasetCard {
    const { task, condition, generator, writing, samples } = this.#card;
    return {
      task,
      condition,
      splits: Object.fromEntries(
        [...this.#splits].map(([split, { tokens, depths, depth }]) => [
          split,
          { examples: tokens.length, promptTokens: lengths(tokens), meanNeedleDepth: depth / tokens.length, needleDepths: tenths(depths, 0, 1) },
        ]),
      ),
      dropped: this.dropped.toRecord(),
      generator,
      writing,
      samples,
    };
  }
}

function lengths(tokens: readonly number[]): DatasetCard['splits'][string]['promptTokens'] {
  const [min, max] = [Math.min(...tokens), Math.max(...tokens)];
  return { min, mean: tokens.reduce((sum, one) => sum + one, 0) / tokens.length, max, counts: tenths(tokens, min, max) };
}

/** How many values lie in each tenth from `low` to `high`; the highest ones in the last. */
export function tenths(values: readonly number[], low: number, high: number): number[] {
  const counts = Array.from({ length: 10 }, () => 0);
  for (const value of values) {
    const bin = high > low ? Math.min(9, Math.floor((10 * (value - low)) / (high - low))) : 9;
    counts[bin] = (counts[bin] as number) + 1;
  }
  return counts;
}

function codePoints(text: string): number {
  return text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);
}
