import type { SeededRandom } from '#activities/random/seeded.ts';
import type { TextRange } from '#activities/source/index.ts';
import type { Draft, Filling, Piece } from './draft.ts';
import { tooLong } from './errors.ts';
import { type FilledPrompt, mayMissBy } from './fill.ts';
import { LAYOUTS } from './layouts.ts';
import { renderPrompt } from './prompt.ts';
import type { TokenCounter } from './tokens.ts';

interface Growing {
  piece: Piece;
  /** What was put in, by gap: before the piece, at each of its seams, behind it. */
  gaps: string[][];
  /** Shares of what is put in at which one gap ends and the next begins, in ascending order. */
  cuts: number[];
  tokens: number;
}

/**
 * Lengthens the required pieces with padding until the prompt is as near to `contextTokens` as a whole padding text allows,
 * and never above. Each text goes to the piece that is shortest so far, so that the pieces become alike in length; how it is
 * shared out among the piece's gaps is drawn once per piece, so that what the piece says stands anywhere in it with equal
 * chance (all gaps alike would put it in the middle).
 * @throws DatasetError if the pieces alone do not fit
 */
export async function lengthenPrompt(
  draft: Draft,
  { texts }: Extract<Filling, { by: 'padding' }>,
  contextTokens: number,
  counter: TokenCounter,
  random: SeededRandom,
): Promise<FilledPrompt> {
  const { layout, question, required } = draft;
  const growing: Growing[] = [];
  for (const piece of random.shuffle(required)) {
    const inner = 1 + (piece.seams?.length ?? 0);
    const cuts = Array.from({ length: inner }, () => random.float()).sort((a, b) => a - b);
    growing.push({ piece, gaps: Array.from({ length: inner + 1 }, () => []), cuts, tokens: await counter.part(piece.text) });
  }
  const added: { gap: string[]; cost: number }[] = [];
  const paddings = texts[Symbol.iterator]();
  let { value: next, done } = paddings.next();

  // By parts, which come again and again, instead of the whole.
  const { label, labelCost, textCost } = LAYOUTS[layout];
  let estimate = await counter.prompt(renderPrompt(layout, [], question).prompt);
  for (const [at, { piece }] of growing.entries()) estimate += (await counter.part(labelCost(label(piece, at)))) + (await counter.part(textCost(piece.text)));
  let fitting: FilledPrompt | undefined;
  for (let removed = false; ; ) {
    const before = added.length;
    while (!done && !removed) {
      const cost = await counter.part(` ${next as string}`);
      if (estimate + cost > contextTokens) break;
      const to = growing.reduce((shortest, one) => (one.tokens < shortest.tokens ? one : shortest));
      const place = random.float();
      const gap = to.gaps[to.cuts.filter((cut) => cut <= place).length] as string[];
      gap.push(next as string);
      to.tokens += cost;
      estimate += cost;
      added.push({ gap, cost });
      ({ value: next, done } = paddings.next());
    }
    if (fitting !== undefined && added.length === before) return fitting;
    const pieces = growing.map(lengthened);
    const rendered = renderPrompt(layout, pieces, question);
    const promptTokens = await counter.prompt(rendered.prompt);
    if (promptTokens > contextTokens) {
      const last = added.pop();
      if (last === undefined) throw tooLong(question, contextTokens, promptTokens);
      last.gap.pop();
      estimate = promptTokens - last.cost;
      removed = true;
      fitting = undefined;
      continue;
    }
    // Joining may have made it shorter than the sum of its parts: then there is room for more.
    estimate = promptTokens;
    const units = added.map(({ cost }) => cost);
    if (!done) units.push(await counter.part(` ${next as string}`));
    fitting = { ...rendered, promptTokens, pieces, mayMiss: mayMissBy(contextTokens, units) };
    if (removed) return fitting;
  }
}

/** The piece with what was put into its gaps; its needles are where they were in the text between two gaps. */
function lengthened({ piece, gaps }: Growing): Piece {
  const { text, needles, seams = [], number } = piece;
  const bounds = [...seams, text.length];
  const written = [...(gaps[0] as string[])];
  let length = written.reduce((sum, one) => sum + one.length + 1, 0);
  const moved: TextRange[] = [];
  let from = 0;
  for (const [at, to] of bounds.entries()) {
    for (const { start, end } of needles ?? []) if (start >= from && end <= to) moved.push({ start: length + start - from, end: length + end - from });
    const behind = [text.slice(from, to), ...(gaps[at + 1] as string[])];
    written.push(...behind);
    length += behind.reduce((sum, one) => sum + one.length + 1, 0);
    from = to + 1;
  }
  return { text: written.join(' '), ...(number !== undefined && { number }), ...(needles && { needles: moved }) };
}
