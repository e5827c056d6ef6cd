/** Condition `real`: the gold passage among the question's own distractors and, behind them, passages of the pool. */
import { answerFilter, answerOccurrences, type TextRange } from '#activities/source/index.ts';
import { sentencesOf } from '#activities/source/miniature/language.ts';
import type { MdqaRow, Passage } from '#workflows/contracts/source.ts';
import type { Draft } from '../draft.ts';
import { DatasetError } from '../errors.ts';
import { documentPiece } from '../documents.ts';
import type { PassageRetriever } from '../retriever.ts';

export function realDraft(row: MdqaRow, pool: PassageRetriever): Draft {
  const { question, answers, gold, fact } = row;
  return {
    question,
    answers,
    answer: copyableAnswer(row),
    layout: 'documents',
    required: [documentPiece(gold, fact ? factSentence(row) : { start: 0, end: gold.text.length })],
    filling: { by: 'pieces', others: others(row, () => pool.ranked(question)), supply: others(row, () => pool.passages) },
    answerIn: 'needles',
    // Imported gold passages may name the answer in their title; the authored ones never do.
    answersOnlyInNeedles: fact !== undefined,
  };
}

/** The first answer that stands in the gold text, so that the model is trained to write what it can copy. */
function copyableAnswer({ id, answers, gold }: MdqaRow): string {
  const answer = answers.find((candidate) => answerOccurrences(gold.text, [candidate]).length > 0);
  if (answer === undefined) throw new DatasetError(`source row ${id}: found none of the answers ${JSON.stringify(answers)} in gold.text`);
  return answer;
}

/** The one sentence of an authored document that states the fact: no other one names its value. */
function factSentence({ id, answers, gold }: MdqaRow): TextRange {
  const stating = sentencesOf(gold.text).filter(({ start, end }) => answerOccurrences(gold.text.slice(start, end), answers).length > 0);
  if (stating.length !== 1) throw new DatasetError(`source row ${id}: found ${stating.length} sentences of gold.text that state the fact, allowed: 1`);
  return stating[0] as TextRange;
}

function* others({ answers, gold, distractors }: MdqaRow, further: () => Iterable<Passage>) {
  const used = new Set([gold.text]);
  const containsAnswer = answerFilter(answers);
  const usable = (passage: Passage) => !used.has(passage.text) && !containsAnswer(passage);
  for (const passage of distractors) {
    if (!usable(passage)) continue;
    used.add(passage.text);
    yield documentPiece(passage);
  }
  for (const passage of further()) {
    if (!usable(passage)) continue;
    used.add(passage.text);
    yield documentPiece(passage);
  }
}
