import type { SeededRandom } from '#activities/random/seeded.ts';
import type { Draft, Piece } from './draft.ts';
import { DatasetError } from './errors.ts';
import { costOf, type RenderedPrompt, renderPrompt } from './prompt.ts';
import type { TokenCounter } from './tokens.ts';

export interface FilledPrompt extends RenderedPrompt {
  promptTokens: number;
  /** The pieces around the needles that were used. */
  others: Piece[];
}

/** A prompt may end this share of its length short where no passage is left to fill it with (issue 4). */
const TOLERANCE = 0.005;

interface Placed {
  piece: Piece;
  cost: number;
  /** Where it stands among the others: a uniform draw, so that needles stand anywhere with equal chance. */
  order: number;
}

/**
 * Fills the draft's context with its other pieces up to `contextTokens`, special tokens included, and never above: pieces
 * are taken in order until the next one does not fit. Parts are counted once each; the whole prompt is then counted as the
 * model will see it, and a piece taken out, or another one put in, where joining made it longer or shorter.
 * @throws DatasetError if the needles alone do not fit, or the pieces run out before the context is full
 */
export async function fillPrompt(draft: Draft, contextTokens: number, counter: TokenCounter, random: SeededRandom): Promise<FilledPrompt> {
  const placed: Placed[] = [];
  const costAt = async (piece: Piece, number: number) => {
    let cost = 0;
    for (const part of costOf(draft.layout, piece, number)) cost += await counter.part(part);
    return cost;
  };
  const place = (piece: Piece, cost: number) => {
    placed.push({ piece, cost, order: random.float() });
    estimate += cost;
  };

  let estimate = await counter.prompt(renderPrompt(draft.layout, [], draft.question).prompt);
  for (const needle of draft.needles) place(needle, await costAt(needle, placed.length + 1));

  const others = draft.others[Symbol.iterator]();
  let next = others.next();
  // The true length minus the sum of the parts.
  let drift = 0;
  let full = false;
  for (;;) {
    while (!full && !next.done) {
      const cost = await costAt(next.value, placed.length + 1);
      if (estimate + drift + cost > contextTokens) break;
      place(next.value, cost);
      next = others.next();
    }
    const ordered = [...placed].sort((a, b) => a.order - b.order).map(({ piece }) => piece);
    const rendered = renderPrompt(draft.layout, ordered, draft.question);
    const promptTokens = await counter.prompt(rendered.prompt);
    if (promptTokens > contextTokens) {
      if (placed.length === draft.needles.length) {
        throw new DatasetError(`contextTokens: found ${contextTokens}, allowed: at least ${promptTokens}, the length of this question with its needle alone: ${draft.question}`);
      }
      full = true;
      estimate -= (placed.pop() as Placed).cost;
      continue;
    }
    drift = promptTokens - estimate;
    if (!full && !next.done && estimate + drift + (await costAt(next.value, placed.length + 1)) <= contextTokens) continue;
    const missing = contextTokens - promptTokens;
    if (next.done && !full && missing > Math.max(contextTokens * TOLERANCE, ...placed.map(({ cost }) => cost))) {
      throw new DatasetError(
        `contextTokens: found ${contextTokens}, but the source has passages for ${promptTokens} tokens only around the question "${draft.question}"; allowed: a shorter context, or a source with a (larger) pool of passages`,
      );
    }
    return { ...rendered, promptTokens, others: ordered.filter(({ needle }) => needle === undefined) };
  }
}
