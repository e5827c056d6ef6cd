/** Where a document says what an insight states: SummHay names the documents of an insight, not the place. */
import type { TextRange } from '#activities/source/index.ts';

const SENTENCES = new Intl.Segmenter('en', { granularity: 'sentence' });
/** A needle is so many sentences at most (paper, section 2.2: facts may span multiple sentences). */
const MOST_SENTENCES = 3;
/** A further sentence must bring at least this share of the insight's words. */
const WORTH = 0.1;

/** A run that brings less than this share of the insight's words (rare ones weigh more) does not say it. */
const LEAST = 0.2;

/** Words that tell nothing about what a sentence states. */
const COMMON = new Set(
  ('a about after all also an and are as at be because been being both but by can could do does for from had has have he her his how i if in into is it its just like ' +
    'may more most my no not of on or other our out over own s she should so some such than that the their them then there these they this those through to too up ' +
    'was we were what when where which while who will with would you your').split(' '),
);

/**
 * The run of one to three sentences that shares most content words with the insight (words weigh more, the rarer they are
 * in the document); the first of equals. Null where none says it.
 */
export function locateInsight(document: string, insight: string): TextRange | null {
  const sentences = [...SENTENCES.segment(document)].map(({ segment, index }) => ({ start: index, end: index + segment.trimEnd().length, words: contentWords(segment) }));
  const wanted = [...contentWords(insight)];
  const weight = new Map(wanted.map((word) => [word, 1 / (1 + sentences.filter(({ words }) => words.has(word)).length)]));
  const total = [...weight.values()].reduce((sum, value) => sum + value, 0);
  const share = (words: ReadonlySet<string>) => wanted.reduce((sum, word) => sum + (words.has(word) ? (weight.get(word) as number) : 0), 0) / total;

  let best: (TextRange & { score: number }) | null = null;
  for (const [first, { start }] of sentences.entries()) {
    const words = new Set<string>();
    for (const [more, { end, words: own }] of sentences.slice(first, first + MOST_SENTENCES).entries()) {
      for (const word of own) words.add(word);
      const found = share(words);
      const score = found - more * WORTH;
      if (found >= LEAST && score > (best?.score ?? 0)) best = { start, end, score };
    }
  }
  return best && { start: best.start, end: best.end };
}

function contentWords(text: string): Set<string> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return new Set(words.filter((word) => !COMMON.has(word)).map(stem));
}

/** Endings off, so that "improves" and "improved" are one word. */
function stem(word: string): string {
  return word.length > 5 ? word.replace(/(?:ings?|ed|es|s|ly)$/, '') : word.replace(/s$/, '');
}
