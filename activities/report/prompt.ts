/** A rendered prompt as pieces: where the needles and answers stand, and what of the haystack may be folded away. */
import type { Example } from '#workflows/contracts/dataset.ts';

export interface Piece {
  kind: 'haystack' | 'needle' | 'answer';
  text: string;
  /** Haystack that is far from any needle and from both ends of the prompt. */
  folded: boolean;
  /** Length in code points. */
  length: number;
}

/** Haystack kept in view on either side of a needle, and at both ends, in code points. */
const KEPT = 220;
/** Folding less than this would hide little and cost a click. */
const WORTH_FOLDING = 200;

/**
 * Splits an example's prompt at its spans, which count Unicode code points. Joined, the pieces are the prompt again.
 * An answer outside every needle is marked as well. Spans beyond the prompt's end are cut at the end; `lostSpans` says
 * how many lie wholly outside.
 */
export function promptPieces({ prompt, needles, answerSpans }: Pick<Example, 'prompt' | 'needles' | 'answerSpans'>): { pieces: Piece[]; lostSpans: number } {
  const points = Array.from(prompt);
  const kinds = new Uint8Array(points.length);
  for (const { start, end } of needles) kinds.fill(1, start, end);
  for (const { start, end } of answerSpans) kinds.fill(2, start, end);
  const names = ['haystack', 'needle', 'answer'] as const;
  const pieces: Piece[] = [];
  const add = (kind: Piece['kind'], from: number, to: number, folded = false) => {
    if (from < to) pieces.push({ kind, text: points.slice(from, to).join(''), folded, length: to - from });
  };
  for (let from = 0; from < points.length; ) {
    let to = from + 1;
    while (to < points.length && kinds[to] === kinds[from]) to += 1;
    const kind = names[kinds[from] as number] as Piece['kind'];
    if (kind === 'haystack' && to - from > 2 * KEPT + WORTH_FOLDING) {
      add(kind, from, from + KEPT);
      add(kind, from + KEPT, to - KEPT, true);
      add(kind, to - KEPT, to);
    } else {
      add(kind, from, to);
    }
    from = to;
  }
  const lostSpans = [...needles, ...answerSpans].filter(({ start }) => start >= points.length).length;
  return { pieces, lostSpans };
}
