/** Conditions `concept expression / context diversity`, from texts that were written for them (paper, section 3.2). */
import type { SeededRandom } from '#activities/random/seeded.ts';
import { answerFilter } from '#activities/source/index.ts';
import { hopKey } from '#activities/write/keys.ts';
import type { Dimensions } from '#workflows/contracts/experiment.ts';
import type { MusiqueRow } from '#workflows/contracts/source.ts';
import { documentPiece } from '../documents.ts';
import type { Draft, Filling, Piece } from '../draft.ts';
import { Unusable } from '../errors.ts';
import { PADDING_PIECES, PADDING_SENTENCES } from '../padding.ts';
import { placeAmong, sentencesIn } from '../place.ts';
import { needlesFor, type Writings } from '../writings.ts';

/** The draft of a row in one of the four conditions. @throws Unusable where its texts could not be written */
export function writtenDraft(row: MusiqueRow, { expression, diversity }: Dimensions, writings: Writings, random: SeededRandom): Draft {
  const { question, answers, titles, needles } = needlesFor(writings, row.id);
  const { passages } = writings;

  /** A hop's fact in a paragraph about its subject, without sentences that give its answer (or a later one) away. */
  const inParagraph = (needle: string, hop: number): Piece => {
    const paragraph = passages.get(hopKey(row.id, hop));
    if (paragraph === undefined) throw new Unusable('paragraph around a hop could not be written');
    const later = expression === 'high' ? row.hops.slice(hop).map(({ answer }) => answer) : [];
    const tells = answerFilter([...answers, ...later]);
    const { text, needle: place } = placeAmong(needle, sentencesIn(paragraph.text).filter((sentence) => !tells({ title: '', text: sentence })), random);
    return documentPiece({ title: titles[hop] || paragraph.title, text }, place);
  };
  const inPadding = (needle: string): Piece => {
    const { text, needle: place } = placeAmong(needle, PADDING_SENTENCES, random);
    return { text, needles: [place] };
  };
  const paragraphs = (): Filling => {
    const own = new Set(row.hops.map((_, hop) => hopKey(row.id, hop)));
    const tells = answerFilter(answers);
    const usable = [...passages.values()].filter((passage) => !own.has(passage.of) && !tells(passage));
    return { by: 'pieces', others: random.shuffle(usable).map((passage) => documentPiece(passage)) };
  };
  return {
    question,
    answers,
    answer: answers[0] as string,
    layout: 'documents',
    required: needles.map(diversity === 'high' ? inParagraph : inPadding),
    filling: diversity === 'high' ? paragraphs() : { by: 'pieces', others: PADDING_PIECES },
    answerIn: 'needles',
    // A real question, or a title, may name what is its answer.
    answersOnlyInNeedles: expression === 'low',
  };
}
