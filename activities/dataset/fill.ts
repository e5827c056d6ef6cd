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

/** So many pieces that do not fit any more are passed over in search of a shorter one. */
const LOOK_AHEAD = 20;

interface Placed {
  piece: Piece;
  cost: number;
  /** Where it stands among the others: a uniform draw, so that needles stand anywhere with equal chance. */
  order: number;
}

/**
 * Fills the draft's context with its other pieces up to `contextTokens`, special tokens included, and never above: pieces
 * are taken in order, at the end only such as still fit. Parts are counted once each; the whole prompt is then counted as
 * the model will see it, and a piece taken out, or another one put in, where joining made it longer or shorter.
 * @throws DatasetError if the needles alone do not fit, or the pieces run out before the context is full
 */
export async function fillPrompt(draft: Draft, contextTokens: number, counter: TokenCounter, random: SeededRandom): Promise<FilledPrompt> {
  const { layout, question, needles } = draft;
  const costAt = async (piece: Piece, number: number) => {
    let cost = 0;
    for (const part of costOf(layout, piece, number)) cost += await counter.part(part);
    return cost;
  };
  const placed: Placed[] = [];
  let estimate = await counter.prompt(renderPrompt(layout, [], question).prompt);
  const place = (piece: Piece, cost: number) => {
    placed.push({ piece, cost, order: random.float() });
    estimate += cost;
  };
  for (const needle of needles) place(needle, await costAt(needle, placed.length + 1));

  const others = draft.others[Symbol.iterator]();
  const tooLong: { piece: Piece; cost: number }[] = [];
  let cheapest = Number.POSITIVE_INFINITY;
  let exhausted = false;
  const takeWhatFits = async (drift: number) => {
    const room = () => contextTokens - estimate - drift;
    const late = tooLong.findIndex(({ cost }) => cost <= room());
    for (const { piece, cost } of late < 0 ? [] : tooLong.splice(late, 1)) place(piece, cost);
    while (!exhausted && tooLong.length < LOOK_AHEAD && (tooLong.length === 0 || room() >= cheapest)) {
      const { value: piece, done } = others.next();
      if (done) {
        exhausted = true;
        break;
      }
      const cost = await costAt(piece, placed.length + 1);
      cheapest = Math.min(cheapest, cost);
      if (cost <= room()) place(piece, cost);
      else tooLong.push({ piece, cost });
    }
  };

  // The true length minus the sum of the parts.
  let drift = 0;
  for (let removed = false; ; ) {
    const before = placed.length;
    if (!removed) await takeWhatFits(drift);
    const ordered = [...placed].sort((a, b) => a.order - b.order).map(({ piece }) => piece);
    const rendered = renderPrompt(layout, ordered, question);
    const promptTokens = await counter.prompt(rendered.prompt);
    if (promptTokens > contextTokens) {
      if (placed.length === needles.length) {
        throw new DatasetError(`contextTokens: found ${contextTokens}, allowed: at least ${promptTokens}, the length of this question with its needle alone: ${question}`);
      }
      estimate -= (placed.pop() as Placed).cost;
      removed = true;
      continue;
    }
    drift = promptTokens - estimate;
    const missing = contextTokens - promptTokens;
    const roomForMore = !removed && (tooLong.some(({ cost }) => cost <= missing) || (tooLong.length === 0 && !exhausted));
    if (roomForMore && placed.length > before) continue;
    if (exhausted && !removed && tooLong.length === 0 && missing > Math.max(contextTokens * TOLERANCE, ...placed.map(({ cost }) => cost))) {
      throw new DatasetError(
        `contextTokens: found ${contextTokens}, but the source has passages for ${promptTokens} tokens only around the question "${question}"; allowed: a shorter context, or a source with a (larger) pool of passages`,
      );
    }
    return { ...rendered, promptTokens, others: ordered.filter(({ needle }) => needle === undefined) };
  }
}
