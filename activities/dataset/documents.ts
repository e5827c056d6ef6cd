import type { TextRange } from '#activities/source/index.ts';
import type { Passage } from '#workflows/contracts/source.ts';
import type { Piece } from './draft.ts';

const TITLE = '(Title: ';

/** What a piece says, without the layout's own words: "it" is an answer to some question, and part of "Title". */
export function saidBy(text: string): string {
  return text.startsWith(TITLE) ? text.slice(TITLE.length) : text;
}

/** A document of the paper's MDQA prompts but for its number (appendix C.1); `needle` counts in the passage's text. */
export function documentPiece({ title, text }: Passage, needle?: TextRange): Piece {
  const head = `${TITLE}${title}) `;
  return { text: head + text, ...(needle && { needles: [{ start: head.length + needle.start, end: head.length + needle.end }] }) };
}
