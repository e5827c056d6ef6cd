/** Texts as sentences. */
import { oneLine } from '../source/passage.ts';

const SENTENCES = new Intl.Segmenter('en', { granularity: 'sentence' });

/** After these a full stop ends no sentence. */
const ABBREVIATION = /(?:^|\s)(?:Dr|Mr|Mrs|Ms|St|Jr|Sr|Prof|Gen|Gov|Sen|Rep|No|vs|etc|approx|[A-Z])\.$/;

/** The sentences of a line, each on one line itself; none ends at an abbreviation. */
export function sentencesOf(line: string): string[] {
  const sentences: string[] = [];
  let last = '';
  for (const { segment } of SENTENCES.segment(line)) {
    last = last === '' ? oneLine(segment) : `${last} ${oneLine(segment)}`;
    if (ABBREVIATION.test(last)) continue;
    sentences.push(last);
    last = '';
  }
  if (last !== '') sentences.push(last);
  return sentences.filter((sentence) => sentence !== '');
}
