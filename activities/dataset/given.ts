/** Finished examples of one's own: the prompt is the task's around the context as it is given. */
import { givenDocuments, givenNeedles, readGivenRows } from '#activities/source/index.ts';
import type { Task } from '#workflows/contracts/experiment.ts';
import type { GivenExample } from '#workflows/contracts/source.ts';
import { citesDocuments } from '#workflows/tasks/lookup.ts';
import type { Draft } from './draft.ts';
import type { TaskRequest, TaskRow } from './task.ts';

/** Rows of a source artifact of finished examples. */
export async function* givenRows(task: Task, { sourceDir, split }: TaskRequest): AsyncGenerator<TaskRow> {
  for await (const example of readGivenRows(sourceDir, split === 'train' ? 'train only' : split)) {
    const draft = () => (citesDocuments(task) ? citationDraft(example) : statedDraft(example));
    yield { id: example.id, source: example, real: draft, draft, tooLong: 'context longer than the prompts asked for', generator: 'given' };
  }
}

const asGiven = { filling: { by: 'nothing', inOrder: true }, answersOnlyInNeedles: false } as const;

function statedDraft(example: GivenExample): Draft {
  const { context, question, answer, answers = [answer] } = example;
  return { question, answer, answers, layout: 'context', required: [{ text: context, needles: givenNeedles(example) }], answerIn: 'needles', ...asGiven };
}

function citationDraft(example: GivenExample): Draft {
  const { question, answer, answers = [answer] } = example;
  const required = givenDocuments(example).map(({ number, text, needles }) => ({ text, number, ...(needles.length > 0 && { needles }) }));
  return { question, answer, answers, layout: 'numbered documents', required, answerIn: 'numbers', ...asGiven };
}
