/** Condition `real`: documents of the insight's topic (ten), two of which support it (paper, section 2.2). */
import type { SeededRandom } from '#activities/random/seeded.ts';
import { SUPPORTING, type TextRange } from '#activities/source/index.ts';
import type { SummhayDocument, SummhayRow } from '#workflows/contracts/source.ts';
import { type SyntheticSource, statingSentence } from '../authored.ts';
import type { Draft, Piece } from '../draft.ts';
import { DatasetError, Unusable } from '../errors.ts';
import { PADDING_TEXTS } from '../padding.ts';
import { citationVerifier, otherStatements } from './statements.ts';
import { locateInsight } from './locate.ts';
import { citation, documentNumbers, type Haystack } from './numbers.ts';

/** An authored statement's documents are lengthened by further statements instead: `authored`. */
export function realDraft({ id, insight, fact }: SummhayRow, documents: readonly SummhayDocument[], haystack: Haystack, authored: SyntheticSource, random: SeededRandom): Draft {
  const insightId = id.slice(id.indexOf('/') + 1);
  const supports = (document: SummhayDocument) => document.insights.includes(insightId);
  const saying = documents.filter(supports).flatMap((document) => {
    const found = fact ? statingSentence(id, document, `the text of document ${document.id}`, fact.subject) : locateInsight(document.text, insight);
    return found === null ? [] : [{ document, needle: document.text.slice(found.start, found.end) }];
  });
  if (saying.length < SUPPORTING) throw new Unusable('insight not found in two of its documents');
  const chosen = random.sample(saying, SUPPORTING);
  const [supporting, needles] = [chosen.map(({ document }) => document), chosen.map(({ needle }) => needle)];
  // A few documents have a needle's very words without being said to contain the insight: they would make the answer wrong.
  const apart = documents.filter((document) => !supports(document) && !needles.some((needle) => document.text.includes(needle)));
  const distractors = haystack.documents - SUPPORTING;
  if (apart.length < distractors) throw new DatasetError(`source row ${id}: found ${apart.length} documents of its topic without the insight, allowed: at least ${distractors}`);
  const numbers = documentNumbers(random, haystack);
  const answer = citation(numbers.slice(0, SUPPORTING));
  return {
    question: insight,
    answer,
    answers: [answer],
    layout: 'numbered documents',
    required: [...supporting, ...random.sample(apart, distractors)].map(({ text }, at): Piece => {
      const number = numbers[at] as number;
      return at < SUPPORTING ? { text, number, needles: occurrencesOf(needles, text) } : { text, number };
    }),
    // Real documents are left whole; what is missing to the context's length is padding before and behind them.
    filling: { by: 'padding', texts: fact ? otherStatements(authored, 'real', fact, random) : PADDING_TEXTS },
    answerIn: 'numbers',
    answersOnlyInNeedles: false,
    ...(fact && { verify: citationVerifier(fact, answer) }),
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
