/** Tasks and conditions of one's own (workflows/tasks): from what their file makes of a row to a draft. */
import { seededRandom, type SeededRandom } from '#activities/random/seeded.ts';
import { answerFilter, readOwnRows } from '#activities/source/index.ts';
import type { Task } from '#workflows/contracts/experiment.ts';
import { citesDocuments, ownMaking, ownTask } from '#workflows/tasks/lookup.ts';
import type { Make, OwnExample, OwnPassage } from '#workflows/tasks/own-task.ts';
import type { Draft, Piece } from './draft.ts';
import { DatasetError } from './errors.ts';
import type { TaskRequest, TaskRow } from './task.ts';

/** Documents that are cited are numbered by draws without replacement from 1 to this. */
const HIGHEST_NUMBER = 999;

/** Rows of a task of one's own. */
export async function* ownRows(task: Task, { sourceDir, split, condition, seed }: TaskRequest): AsyncGenerator<TaskRow> {
  const own = ownTask(task);
  const making = ownMaking(task, condition);
  if (own === undefined || making === undefined) throw new DatasetError(`condition: found "${condition}", which task "${task}" does not have`);
  for await (const row of readOwnRows(own.row, sourceDir, split)) {
    const drafted = (make: Make<never>, of: string) => () => ownDraft(make(row as never, { random: seededRandom(task, of, seed, row.id) }), row.id, citesDocuments(task), seededRandom('numbers', task, of, seed, row.id));
    yield { id: row.id, source: row, real: drafted(own.conditions.real as Make<never>, 'real'), draft: drafted(making.make, condition), tooLong: 'passages longer than the context', generator: `own task ${making.version}` };
  }
}

/** The rows of a task in a condition of one's own: the same questions of the base sample, made by the condition's file. */
export async function* inOwnCondition(rows: AsyncIterable<TaskRow>, task: Task, { condition, seed }: TaskRequest): AsyncGenerator<TaskRow> {
  const making = ownMaking(task, condition);
  if (making === undefined) throw new DatasetError(`condition: found "${condition}", which is not made for task "${task}"`);
  for await (const row of rows) {
    const draft = () => ownDraft(making.make(row.source as never, { random: seededRandom(task, condition, seed, row.id) }), row.id, citesDocuments(task), seededRandom('numbers', task, condition, seed, row.id));
    yield { ...row, draft, written: false, generator: `own condition ${making.version}` };
  }
}

/** @throws DatasetError naming the row and what its example lacks */
export function ownDraft(example: OwnExample, id: string, cites: boolean, random: SeededRandom): Draft {
  const { question, passages, others } = example;
  const refuse = (problem: string) => new DatasetError(`source row ${id}: ${problem}`);
  if (passages.every(({ needles = [] }) => needles.length === 0)) throw refuse('passages: found no needle, allowed: at least one');
  const numbers = cites ? random.shuffle(Array.from({ length: HIGHEST_NUMBER }, (_, at) => at + 1)) : null;
  const numbered = (piece: Piece): Piece => (numbers === null ? piece : { ...piece, number: numbers.pop() as number });
  const required = passages.map((passage, at) => numbered(pieceOf(passage, at, refuse)));
  if (cites !== (example.answer === undefined)) throw refuse(cites ? `answer: found "${example.answer}", allowed: none, since the numbers of documents are drawn` : 'answer: found nothing, allowed: a text that stands in a needle');
  const answer = example.answer ?? citation(required);
  const answers = [...(example.answers ?? [answer])];
  const saysAnswer = cites ? () => false : answerFilter(answers);
  function* further(): Generator<Piece> {
    for (const text of others ?? []) {
      if (numbers?.length === 0) return;
      if (!saysAnswer({ title: '', text })) yield numbered({ text });
    }
  }
  return {
    question,
    answer,
    answers,
    layout: cites ? 'numbered documents' : 'documents',
    required,
    filling: others === undefined ? { by: 'nothing' } : { by: 'pieces', others: further() },
    answerIn: cites ? 'numbers' : 'needles',
    answersOnlyInNeedles: false,
  };
}

function pieceOf({ text, needles = [] }: OwnPassage, at: number, refuse: (problem: string) => DatasetError): Piece {
  if (needles.length === 0) return { text };
  const ranges = needles.map((needle) => {
    const start = text.indexOf(needle);
    if (needle === '' || start < 0 || text.indexOf(needle, start + 1) >= 0) throw refuse(`passages[${at}].needles: found ${JSON.stringify(needle)}, allowed: a text that stands once in the passage`);
    return { start, end: start + needle.length };
  });
  return { text, needles: ranges.sort((a, b) => a.start - b.start) };
}

/** "[24][27]", ascending. */
function citation(pieces: readonly Piece[]): string {
  const cited = pieces.flatMap(({ number, needles }) => (number !== undefined && needles !== undefined ? [number] : []));
  return cited.sort((a, b) => a - b).map((number) => `[${number}]`).join('');
}
