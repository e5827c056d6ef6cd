/** What a condition says about one question, before it is filled to length, ordered and rendered. */
import type { TextRange } from '#activities/source/index.ts';

/** One unit of the context (a document, a dictionary entry), as it stands there but for its number. */
export interface Piece {
  text: string;
  /** The part of `text` that is a needle; absent in the pieces around it. */
  needle?: TextRange;
}

/** How pieces stand together in the context. */
export type Layout = 'documents' | 'dictionary';

export interface Draft {
  question: string;
  answer: string;
  /** All answers that count as right, `answer` among them. */
  answers: string[];
  layout: Layout;
  /** Pieces that must be in the context, each with its needle. */
  needles: Piece[];
  /** Pieces to fill the context with, in order of preference; taken one by one, so it may be endless. */
  others: Iterable<Piece>;
  /** True where no answer may stand outside the needles, not even in the needle's own document. */
  answersOnlyInNeedles: boolean;
}
