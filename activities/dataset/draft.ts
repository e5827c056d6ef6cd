/** What a condition says about one question, before it is filled to length, ordered and rendered. */
import type { TextRange } from '#activities/source/index.ts';

/** One unit of the context (a document, a dictionary, a dictionary entry), as it stands there but for its label. */
export interface Piece {
  text: string;
  /** The parts of `text` that are needles; absent in the pieces around them. */
  needles?: readonly TextRange[];
  /** Places of single spaces in `text` at which padding may be put in, beside before and behind it. */
  seams?: readonly number[];
  /** Its number in the layout "numbered documents"; in others a document has the number of its place. */
  number?: number;
}

/** How pieces stand together in the context, and which prompt asks about them (`layouts.ts`). */
export type Layout = 'context' | 'documents' | 'numbered documents' | 'dictionary' | 'dictionaries';

/** How a context reaches its length: by further pieces, by text added to the required ones, or not at all. */
export type Filling =
  /** Pieces in order of preference; taken one by one, so it may be endless. `supply`: the same in any order, where ranking them takes time. */
  | { by: 'pieces'; others: Iterable<Piece>; supply?: Iterable<Piece> }
  /** Endless texts, put before and behind what the required pieces say, so that these grow evenly. */
  | { by: 'padding'; texts: Iterable<string> }
  | {
      by: 'nothing';
      /** The required pieces stand as they are given; else in random order. */
      inOrder?: true;
    };

export interface Draft {
  question: string;
  answer: string;
  /** All answers that count as right, `answer` among them. */
  answers: string[];
  layout: Layout;
  /** Pieces that must be in the context, those with needles among them. */
  required: Piece[];
  filling: Filling;
  /** Where the answer stands in the context: inside needles, or in the numbers of the documents that hold them. */
  answerIn: 'needles' | 'numbers';
  /** True where no answer may stand outside the needles, not even in the needle's own document. */
  answersOnlyInNeedles: boolean;
  /** What else must hold of the prompt; the problem in words, or null. */
  verify?: (prompt: string) => string | null;
}
