/** Condition `real`: ten documents of the insight's topic, two of which support it (paper, section 2.2). */
import type { SeededRandom } from '#activities/random/seeded.ts';
import { DOCUMENTS, PADDING, SUPPORTING, type TextRange } from '#activities/source/index.ts';
import type { SummhayDocument, SummhayRow } from '#workflows/contracts/source.ts';
import type { Draft, Piece } from '../draft.ts';
import { DatasetError } from '../errors.ts';
import { locateInsight } from './locate.ts';
import { citation, documentNumbers } from './numbers.ts';

export function realDraft({ id, insight }: SummhayRow, documents: readonly SummhayDocument[], random: SeededRandom): Draft {
  const insightId = id.slice(id.indexOf('/') + 1);
  const supports = (document: SummhayDocument) => document.insights.includes(insightId);
  const supporting = random.sample(documents.filter(supports), SUPPORTING);
  const needles = supporting.map(({ id: document, text }) => {
    const found = locateInsight(text, insight);
    if (found === null) throw new DatasetError(`source row ${id}: document ${document} shares no word with the insight it is said to contain`);
    return text.slice(found.start, found.end);
  });
  // A few documents have a needle's very words without being said to contain the insight: they would make the answer wrong.
  const apart = documents.filter((document) => !supports(document) && !needles.some((needle) => document.text.includes(needle)));
  if (apart.length < DOCUMENTS - SUPPORTING) throw new DatasetError(`source row ${id}: found ${apart.length} documents of its topic without the insight, allowed: at least ${DOCUMENTS - SUPPORTING}`);
  const numbers = documentNumbers(random);
  const answer = citation(numbers.slice(0, SUPPORTING));
  return {
    question: insight,
    answer,
    answers: [answer],
    layout: 'numbered documents',
    required: [...supporting, ...random.sample(apart, DOCUMENTS - SUPPORTING)].map(({ text }, at): Piece => {
      const number = numbers[at] as number;
      return at < SUPPORTING ? { text, number, needles: occurrencesOf(needles, text) } : { text, number };
    }),
    filling: { by: 'padding', texts: padding() },
    answerIn: 'numbers',
    answersOnlyInNeedles: false,
  };
}

/** Wherever one of the needles stands in the text, in order: a document may repeat itself, or the other one's words. */
function occurrencesOf(needles: readonly string[], text: string): TextRange[] {
  const found: TextRange[] = [];
  for (const needle of new Set(needles)) {
    for (let start = text.indexOf(needle); start >= 0; start = text.indexOf(needle, start + needle.length)) found.push({ start, end: start + needle.length });
  }
  return found.sort((a, b) => a.start - b.start);
}

/** Real documents are left whole; what is missing to the context's length is padding before and behind them. */
function* padding(): Generator<string> {
  for (;;) yield PADDING.join(' ');
}
