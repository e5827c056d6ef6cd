/** SummHay's statements and needles: the insight rephrased (A.5) or simplified (A.6), then broken up into sentences (A.7). */
import type { WrittenNeedles } from '#workflows/contracts/writing.ts';
import type { SummhayRow } from '#workflows/contracts/source.ts';
import { readSummhayRows } from '../../source/artifact.ts';
import type { Writer } from '../ask.ts';
import { checked, sharedWords, words } from '../checks.ts';
import type { Item, WritingRequest } from '../item.ts';
import { readPlain, readSentences } from '../reply.ts';

/** Sentences of a needle: several for a rephrased statement; a simplified one may be too short to break up. */
const FEWEST = { high: 2, low: 1 } as const;
const MOST = 12;
/** Share of an insight's words that a statement of it keeps, at least: the others may be said by synonyms. */
const KEPT = 0.15;
/** Share of a statement's words that its sentences hold together. */
const COVERED = 0.6;
/** Words of each of them. */
const FEWEST_WORDS = 3;

export async function* summhayNeedles({ sourceDir, expression }: WritingRequest): AsyncGenerator<Item<WrittenNeedles>> {
  let rows = 0;
  for await (const row of readSummhayRows(sourceDir, 'train only')) yield { id: row.id, row: (rows += 1), write: (writer) => needles(writer, row, expression) };
}

async function needles(writer: Writer, { id, insight }: SummhayRow, expression: 'high' | 'low'): Promise<WrittenNeedles> {
  const about = (said: string) => (sharedWords(insight, said) >= KEPT ? null : 'says something else');
  const question =
    expression === 'high'
      ? await writer.write('A.5', { text: insight }, (reply) => checked(readPlain(reply), about))
      : await writer.write('A.6', { sentence: insight }, (reply) => checked(readPlain(reply), about, (said) => (words(said) > words(insight) ? 'longer than the insight' : null)));
  const sentences = await writer.write('A.7', { text: question }, (reply) =>
    checked(
      readSentences(reply),
      (said) => (said.length < FEWEST[expression] ? 'not broken up' : said.length > MOST ? 'broken up too far' : null),
      (said) => (new Set(said).size < said.length ? 'says a sentence twice' : null),
      (said) => (said.some((sentence) => words(sentence) < FEWEST_WORDS) ? 'with a fragment for a sentence' : null),
      (said) => (said.every((sentence) => sharedWords(sentence, question) > 0) && sharedWords(said.join(' '), question) >= COVERED ? null : 'does not say what it breaks up'),
    ),
  );
  return { id, question, answers: [], titles: [], needles: sentences };
}
