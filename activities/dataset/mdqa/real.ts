/** Condition `real`: the gold passage among the question's own distractors and, behind them, passages of the pool. */
import { firstStated, mdqaDistractors } from '#activities/source/index.ts';
import type { MdqaRow, Passage } from '#workflows/contracts/source.ts';
import { statingSentence } from '../authored.ts';
import type { Draft } from '../draft.ts';
import { DatasetError } from '../errors.ts';
import { documentPiece } from '../documents.ts';
import type { PassageRetriever } from '../retriever.ts';

export function realDraft(row: MdqaRow, pool: PassageRetriever): Draft {
  const { id, question, answers, gold, fact } = row;
  return {
    question,
    answers,
    answer: copyableAnswer(row),
    layout: 'documents',
    required: [documentPiece(gold, fact ? statingSentence(id, gold, 'gold.text', fact.value) : { start: 0, end: gold.text.length })],
    filling: { by: 'pieces', others: others(row, () => pool.ranked(question)), supply: others(row, () => pool.passages) },
    answerIn: 'needles',
    // Imported gold passages may name the answer in their title; the authored ones never do.
    answersOnlyInNeedles: fact !== undefined,
  };
}

/** The first answer that stands in the gold text, so that the model is trained to write what it can copy. */
function copyableAnswer({ id, answers, gold }: MdqaRow): string {
  const answer = firstStated(answers, gold.text);
  if (answer === undefined) throw new DatasetError(`source row ${id}: found none of the answers ${JSON.stringify(answers)} in gold.text`);
  return answer;
}

function* others(row: MdqaRow, further: () => Iterable<Passage>) {
  for (const passage of mdqaDistractors(row, further)) yield documentPiece(passage);
}
