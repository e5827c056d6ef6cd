/** The prompt that a model sees, from pieces in the order in which they stand there. */
import type { TextRange } from '#activities/source/index.ts';
import type { Layout, Piece } from './draft.ts';
import { LAYOUTS } from './layouts.ts';

export interface RenderedPrompt {
  prompt: string;
  /** Needles of all pieces, in order of position, in UTF-16 units of the prompt. */
  needles: TextRange[];
  /** Numbers of the pieces that hold needles, where pieces have numbers of their own. */
  numbers: TextRange[];
}

/** The prompt with `pieces` in this order. */
export function renderPrompt(layout: Layout, pieces: readonly Piece[], question: string): RenderedPrompt {
  const { parts: [beforeContext, beforeQuestion, afterQuestion], open, close, separator, label } = LAYOUTS[layout];
  const written = [beforeContext, open];
  let length = beforeContext.length + open.length;
  const needles: TextRange[] = [];
  const numbers: TextRange[] = [];
  for (const [at, piece] of pieces.entries()) {
    const { text, needles: ranges = [], number } = piece;
    const head = label(piece, at);
    const before = `${at === 0 ? '' : separator}${head}`;
    if (number !== undefined && ranges.length > 0) {
      const start = length + before.length - head.length + head.indexOf(String(number));
      numbers.push({ start, end: start + String(number).length });
    }
    written.push(before, text);
    length += before.length;
    for (const { start, end } of ranges) needles.push({ start: length + start, end: length + end });
    length += text.length;
  }
  written.push(close, beforeQuestion, question, afterQuestion);
  return { prompt: written.join(''), needles, numbers };
}

/** What follows the context of a prompt, from the question on. */
export function promptEnd(layout: Layout, question: string): string {
  const [, beforeQuestion, afterQuestion] = LAYOUTS[layout].parts;
  return `${beforeQuestion}${question}${afterQuestion}`;
}
