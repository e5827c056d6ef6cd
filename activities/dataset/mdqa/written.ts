/** Conditions `concept expression / context diversity` for imported questions, from texts that were written for them (paper, section 3.2). */
import type { SeededRandom } from '#activities/random/seeded.ts';
import { answerFilter, mdqaDistractors } from '#activities/source/index.ts';
import { passageKey } from '#activities/write/keys.ts';
import type { Dimensions } from '#workflows/contracts/experiment.ts';
import type { MdqaRow, Passage } from '#workflows/contracts/source.ts';
import type { WrittenNeedles } from '#workflows/contracts/writing.ts';
import { documentPiece } from '../documents.ts';
import type { Draft, Filling, Piece } from '../draft.ts';
import { Unusable } from '../errors.ts';
import { PADDING_PIECES, PADDING_SENTENCES } from '../padding.ts';
import { placeAmong, sentencesIn } from '../place.ts';
import type { PassageRetriever } from '../retriever.ts';
import { needlesFor, type Writings } from '../writings.ts';

/** The draft of a row in one of the four conditions. @throws Unusable where its texts could not be written */
export function writtenDraft(row: MdqaRow, { expression, diversity }: Dimensions, writings: Writings, pool: PassageRetriever, random: SeededRandom): Draft {
  const written = needlesFor(writings, row.id);
  if (diversity === 'low') return { ...asked(written), required: [amongPadding(written, random)], filling: { by: 'pieces', others: PADDING_PIECES }, answersOnlyInNeedles: expression === 'low' };
  return expression === 'high' ? amongParaphrases(row, written, writings, pool, random) : amongParagraphs(written, writings, random);
}

function asked({ question, answers }: WrittenNeedles): Pick<Draft, 'question' | 'answers' | 'answer' | 'layout' | 'answerIn'> {
  return { question, answers, answer: answers[0] as string, layout: 'documents', answerIn: 'needles' };
}

function amongPadding({ needles }: WrittenNeedles, random: SeededRandom): Piece {
  const { text, needle } = placeAmong(needles[0] as string, PADDING_SENTENCES, random);
  return { text, needles: [needle] };
}

/** High, high: the needle in the paraphrase of its gold passage, among paraphrases of the passages that a real context holds. */
function amongParaphrases(row: MdqaRow, written: WrittenNeedles, { passages }: Writings, pool: PassageRetriever, random: SeededRandom): Draft {
  const gold = passages.get(passageKey(row.gold.text));
  if (gold === undefined) throw new Unusable('gold passage could not be paraphrased');
  const containsAnswer = answerFilter(written.answers);
  const around = sentencesIn(gold.text).filter((text) => !containsAnswer({ title: '', text }));
  const { text, needle } = placeAmong(written.needles[0] as string, around, random);
  function* paraphrased(further: () => Iterable<Passage>): Generator<Piece> {
    for (const original of mdqaDistractors(row, further)) {
      const passage = passages.get(passageKey(original.text));
      if (passage !== undefined && !containsAnswer(passage)) yield documentPiece(passage);
    }
  }
  return {
    ...asked(written),
    required: [documentPiece({ title: gold.title, text }, needle)],
    filling: { by: 'pieces', others: paraphrased(() => pool.ranked(row.question)), supply: paraphrased(() => pool.passages) },
    // The title is that of the gold passage, and may name the answer as it does there.
    answersOnlyInNeedles: false,
  };
}

/** Low, high: a made-up paragraph with its own question, whole, among the paragraphs of other rows. */
function amongParagraphs(written: WrittenNeedles, { needles }: Writings, random: SeededRandom): Draft {
  const own = documentOf(written);
  const containsAnswer = answerFilter(written.answers);
  const usable = (others: Iterable<WrittenNeedles>): Piece[] =>
    [...others].filter(({ id }) => id !== written.id).map(documentOf).filter((passage) => !containsAnswer(passage)).map((passage) => documentPiece(passage));
  const filling: Filling = { by: 'pieces', others: random.shuffle(usable(needles.values())) };
  return { ...asked(written), required: [documentPiece(own, { start: 0, end: own.text.length })], filling, answersOnlyInNeedles: true };
}

const documents = new WeakMap<WrittenNeedles, Passage>();

/** A made-up paragraph as a passage: always the same one, since it is looked at for every other row. */
function documentOf(written: WrittenNeedles): Passage {
  const { titles, needles: [text = ''] } = written;
  const found = documents.get(written) ?? { title: titles[0] ?? '', text };
  documents.set(written, found);
  return found;
}
