/**
 * Condition `real`: the question's own paragraphs, and padding paragraphs up to the context's length (paper, section 2.2). An
 * authored question comes with paragraphs enough.
 */
import { answerFilter, firstStated } from '#activities/source/index.ts';
import type { Fact, MusiqueRow, Passage } from '#workflows/contracts/source.ts';
import { statingSentence } from '../authored.ts';
import { documentPiece } from '../documents.ts';
import type { Draft, Piece } from '../draft.ts';
import { DatasetError } from '../errors.ts';
import { PADDING_PIECES } from '../padding.ts';
import type { PassageRetriever } from '../retriever.ts';
import { chainVerifier, factsOf } from './facts.ts';

/** Paragraphs of a question in MuSiQue; a row that came with fewer gets others from the pool. */
const PARAGRAPHS = 20;

export function realDraft(row: MusiqueRow, pool: PassageRetriever): Draft {
  const { id, question, answers, supports } = row;
  const facts = factsOf(row);
  return {
    question,
    answers,
    answer: copyableAnswer(row),
    layout: 'documents',
    required: supports.map((passage, at) => documentPiece(passage, facts ? statingSentence(id, passage, `supports[${at}].text`, (facts[at] as Fact).value) : { start: 0, end: passage.text.length })),
    filling: { by: 'pieces', others: facts ? row.distractors.map((passage) => documentPiece(passage)) : others(row, pool) },
    answerIn: 'needles',
    // Titles of real passages may name the answer, and an earlier hop's paragraph may as well; the authored ones never do.
    answersOnlyInNeedles: facts !== null,
    ...(facts && { verify: chainVerifier(facts) }),
  };
}

/** The first answer that stands in the last hop's paragraph, so that the model is trained to write what it can copy. */
function copyableAnswer({ id, answers, hops, supports }: MusiqueRow): string {
  const last = supports[hops.at(-1)?.support ?? -1];
  const answer = last && firstStated(answers, last.text);
  if (answer === undefined) throw new DatasetError(`source row ${id}: found none of the answers ${JSON.stringify(answers)} in the paragraph of the last hop`);
  return answer;
}

function* others({ question, answers, supports, distractors }: MusiqueRow, pool: PassageRetriever): Generator<Piece> {
  const used = new Set(supports.map(({ text }) => text));
  const containsAnswer = answerFilter(answers);
  // A passage may also be a longer copy of a supporting one.
  const usable = (passage: Passage) => !used.has(passage.text) && !containsAnswer(passage) && !supports.some(({ text }) => passage.text.includes(text));
  for (const passages of [distractors, pool.ranked(question)]) {
    for (const passage of passages) {
      if (used.size >= PARAGRAPHS) break;
      if (!usable(passage)) continue;
      used.add(passage.text);
      yield documentPiece(passage);
    }
  }
  yield* PADDING_PIECES;
}
