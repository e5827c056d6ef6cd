/** The padding sentences as documents: contexts of low diversity, and what is missing to the length of real ones (paper, sections 2.2 and 3.1). */
import { PADDING } from '#activities/source/index.ts';
import type { Piece } from './draft.ts';

/** The padding sentences so often make a paragraph of about 100 words, as long as MuSiQue's. */
const REPEATS = 5;

/** Sentences of a padding paragraph, in order. */
export const PADDING_SENTENCES: readonly string[] = Array.from({ length: REPEATS }, () => PADDING).flat();

/** A document of nothing but padding. */
export const PADDING_PIECE: Piece = { text: PADDING_SENTENCES.join(' ') };

/** Documents of nothing but padding, without end. */
export const PADDING_PIECES: Iterable<Piece> = {
  *[Symbol.iterator]() {
    for (;;) yield PADDING_PIECE;
  },
};

/** The padding sentences in a row, without end: what documents are lengthened with. */
export const PADDING_TEXTS: Iterable<string> = {
  *[Symbol.iterator]() {
    for (;;) yield PADDING.join(' ');
  },
};
