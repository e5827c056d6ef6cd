import type { SeededRandom } from '#activities/random/seeded.ts';
import type { Draft, Filling, Piece } from './draft.ts';
import { tooLong } from './errors.ts';
import type { FilledPrompt } from './fill.ts';
import { renderPrompt } from './prompt.ts';
import type { TokenCounter } from './tokens.ts';

interface Growing {
  piece: Piece;
  before: string[];
  after: string[];
  tokens: number;
}

/**
 * Lengthens the required pieces with padding until the prompt is as near to `contextTokens` as a whole padding text allows,
 * and never above. Each text goes to the piece that is shortest so far, before or behind what it says at random, so that the
 * pieces become alike in length and their needles stand at any depth.
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
  for (const piece of random.shuffle(required)) growing.push({ piece, before: [], after: [], tokens: await counter.part(piece.text) });
  const added: { to: Growing; side: 'before' | 'after'; cost: number }[] = [];
  const paddings = texts[Symbol.iterator]();
  let { value: next, done } = paddings.next();

  let estimate = await counter.prompt(renderPrompt(layout, growing.map(({ piece }) => piece), question).prompt);
  for (let removed = false; ; ) {
    const before = added.length;
    while (!done && !removed) {
      const cost = await counter.part(` ${next as string}`);
      if (estimate + cost > contextTokens) break;
      const to = growing.reduce((shortest, one) => (one.tokens < shortest.tokens ? one : shortest));
      const side = random.int(2) === 0 ? 'before' : 'after';
      to[side].push(next as string);
      to.tokens += cost;
      estimate += cost;
      added.push({ to, side, cost });
      ({ value: next, done } = paddings.next());
    }
    const pieces = growing.map(lengthened);
    const rendered = renderPrompt(layout, pieces, question);
    const promptTokens = await counter.prompt(rendered.prompt);
    if (promptTokens > contextTokens) {
      const last = added.pop();
      if (last === undefined) throw tooLong(question, contextTokens, promptTokens);
      last.to[last.side].pop();
      estimate = promptTokens - last.cost;
      removed = true;
      continue;
    }
    // Joining may have made it shorter than the sum of its parts: then there is room for more.
    estimate = promptTokens;
    if (removed || added.length === before) return { ...rendered, promptTokens, pieces };
  }
}

function lengthened({ piece, before, after }: Growing): Piece {
  const lead = before.map((text) => `${text} `).join('');
  const { needles, ...rest } = piece;
  return {
    ...rest,
    text: [lead + piece.text, ...after].join(' '),
    ...(needles && { needles: needles.map(({ start, end }) => ({ start: lead.length + start, end: lead.length + end })) }),
  };
}
