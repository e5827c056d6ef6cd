import type { SeededRandom } from '#activities/random/seeded.ts';
import type { Draft, Filling, Piece } from './draft.ts';
import { DatasetError, tooLong } from './errors.ts';
import { lengthenPrompt } from './lengthen.ts';
import { LAYOUTS } from './layouts.ts';
import { type RenderedPrompt, renderPrompt } from './prompt.ts';
import type { TokenCounter } from './tokens.ts';

export interface FilledPrompt extends RenderedPrompt {
  promptTokens: number;
  /** The pieces as they stand in the prompt. */
  pieces: Piece[];
  /** So many tokens the prompt may be shorter than its context, as nothing that is to be had fits in: a share of it, or one passage. */
  mayMiss: number;
}

/** A prompt may always end this share of its length short (issue 4). */
const TOLERANCE = 0.005;

/** Tokens that a prompt may be short, where what it is filled with comes in units of so many. */
export function mayMissBy(contextTokens: number, units: readonly number[]): number {
  return units.reduce((most, unit) => Math.max(most, unit), contextTokens * TOLERANCE);
}

/** So many pieces that do not fit any more are passed over in search of a shorter one; and so many are looked at before one is thought too short to be found. */
const LOOK_AHEAD = 20;

interface Placed {
  piece: Piece;
  cost: number;
  /** Where it stands among the others: a uniform draw, so that needles stand anywhere with equal chance. */
  order: number;
}

/**
 * The draft's prompt, as near to `contextTokens` as its filling allows, special tokens included, and never above.
 * @throws DatasetError if what is required does not fit, or the filling runs out before the context is full
 */
export async function fillPrompt(draft: Draft, contextTokens: number, counter: TokenCounter, random: SeededRandom): Promise<FilledPrompt> {
  const { filling, layout, question, required } = draft;
  switch (filling.by) {
    case 'pieces':
      return addPieces(draft, filling, contextTokens, counter, random);
    case 'padding':
      return lengthenPrompt(draft, filling, contextTokens, counter, random);
    case 'nothing': {
      const pieces = filling.inOrder ? [...required] : random.shuffle(required);
      const rendered = renderPrompt(layout, pieces, question);
      const promptTokens = await counter.prompt(rendered.prompt);
      if (promptTokens > contextTokens) throw tooLong(question, contextTokens, promptTokens);
      // As long as what it asks for, whatever the context.
      return { ...rendered, promptTokens, pieces, mayMiss: Number.POSITIVE_INFINITY };
    }
  }
}

/**
 * Fills the draft's context with its other pieces up to `contextTokens`, special tokens included, and never above: pieces
 * are taken in order, at the end only such as still fit. Parts are counted once each; the whole prompt is then counted as
 * the model will see it, and a piece taken out, or another one put in, where joining made it longer or shorter.
 */
async function addPieces(draft: Draft, filling: Extract<Filling, { by: 'pieces' }>, contextTokens: number, counter: TokenCounter, random: SeededRandom): Promise<FilledPrompt> {
  const { layout, question, required } = draft;
  const { label, labelCost, textCost } = LAYOUTS[layout];
  const labelAt = async (piece: Piece) => {
    const written = labelCost(label(piece, placed.length));
    return written === '' ? 0 : counter.part(written);
  };
  const placed: Placed[] = [];
  let estimate = await counter.prompt(renderPrompt(layout, [], question).prompt);
  const place = (piece: Piece, cost: number) => {
    placed.push({ piece, cost, order: random.float() });
    estimate += cost;
  };
  for (const piece of required) place(piece, (await labelAt(piece)) + (await counter.part(textCost(piece.text))));

  const others = counted(filling.others, ({ text }) => textCost(text), counter);
  const waiting: { piece: Piece; cost: number }[] = [];
  let seen = 0;
  let cheapest = Number.POSITIVE_INFINITY;
  let exhausted = false;
  const takeWhatFits = async (drift: number) => {
    const room = () => contextTokens - estimate - drift;
    const late = waiting.findIndex(({ cost }) => cost <= room());
    for (const { piece, cost } of late < 0 ? [] : waiting.splice(late, 1)) place(piece, cost);
    while (!exhausted && waiting.length < LOOK_AHEAD && (seen < LOOK_AHEAD || room() >= cheapest)) {
      const { value, done } = await others.next();
      if (done) {
        exhausted = true;
        break;
      }
      const { piece } = value;
      const cost = value.cost + (await labelAt(piece));
      seen += 1;
      cheapest = Math.min(cheapest, cost);
      if (cost <= room()) place(piece, cost);
      else waiting.push({ piece, cost });
    }
  };

  // The true length minus the sum of the parts.
  let drift = 0;
  let fitting: FilledPrompt | undefined;
  for (let removed = false; ; ) {
    const before = placed.length;
    if (!removed) await takeWhatFits(drift);
    // Counting a whole prompt takes longest: not again where nothing came in.
    if (fitting === undefined || placed.length !== before) {
      const pieces = [...placed].sort((a, b) => a.order - b.order).map(({ piece }) => piece);
      const rendered = renderPrompt(layout, pieces, question);
      fitting = { ...rendered, promptTokens: await counter.prompt(rendered.prompt), pieces, mayMiss: 0 };
    }
    const { promptTokens } = fitting;
    if (promptTokens > contextTokens) {
      if (placed.length === required.length) throw tooLong(question, contextTokens, promptTokens);
      estimate -= (placed.pop() as Placed).cost;
      removed = true;
      fitting = undefined;
      continue;
    }
    drift = promptTokens - estimate;
    const missing = contextTokens - promptTokens;
    const roomForMore = !removed && (waiting.some(({ cost }) => cost <= missing) || (waiting.length === 0 && !exhausted));
    if (roomForMore && placed.length > before) continue;
    const mayMiss = mayMissBy(contextTokens, [...placed, ...waiting].map(({ cost }) => cost));
    if (exhausted && !removed && waiting.length === 0 && missing > mayMiss) {
      throw new DatasetError(
        `contextTokens: found ${contextTokens}, but the source has passages for ${promptTokens} tokens only around the question "${question}"; allowed: a shorter context, or a source with a (larger) pool of passages`,
      );
    }
    return { ...fitting, mayMiss };
  }
}

/** Pieces are counted so many at once, at most: one by one, the way to the tokenizer takes longer than the counting. */
const MOST_AT_ONCE = 64;

/** The pieces in their order, each with the cost of its text; read ahead in growing steps. */
async function* counted(pieces: Iterable<Piece>, textOf: (piece: Piece) => string, counter: TokenCounter): AsyncGenerator<{ piece: Piece; cost: number }> {
  const source = pieces[Symbol.iterator]();
  for (let step = 8; ; step = Math.min(2 * step, MOST_AT_ONCE)) {
    const read: Piece[] = [];
    while (read.length < step) {
      const { value, done } = source.next();
      if (done) break;
      read.push(value);
    }
    const costs = await counter.parts(read.map(textOf));
    for (const [at, piece] of read.entries()) yield { piece, cost: costs[at] as number };
    if (read.length < step) return;
  }
}
