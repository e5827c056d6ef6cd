/**
 * What a task or a condition of one's own consists of. One file defines it, by `defineTask` or `defineCondition`, and index.ts names it;
 * everything else (import, datasets with their checks, training, F1, head scores, reports) then knows it. The file may import types and
 * zod alone: workflows run it, too, so it must be pure, and chance comes from `random`.
 */
import type { z } from 'zod';
import type { SeededRandom } from '../../activities/random/seeded.ts';

/** A text of the context, with those parts of it that state what is asked. */
export interface OwnPassage {
  text: string;
  /** Each exactly as it stands in `text`, and in the whole context once only. */
  needles?: readonly string[];
}

/** One row in one condition: needles, context, query and answer. It becomes the paper's training prompt B.1, or B.2 where documents are cited. */
export interface OwnExample {
  /** The query: a question, or where documents are cited a statement. */
  question: string;
  /** What the model is to write: it stands in a needle. Left out where documents are cited: the answer is then their numbers, which are drawn. */
  answer?: string;
  /** All answers that count as right; `answer` alone, as a rule. */
  answers?: readonly string[];
  /** What the context must hold, the needles among it. */
  passages: readonly OwnPassage[];
  /** Fills the context up to its length, in order of preference; may be endless. What contains an answer is passed over. Left out: the context is as long as its passages. */
  others?: Iterable<string>;
}

/** From a source row to its example. The same row and chance give the same. */
export type Make<Row> = (row: Row, chance: { random: SeededRandom }) => OwnExample;

/** A row's id: each once in a file. */
export interface WithId {
  id: string;
}

export interface OwnTask<Row extends WithId = WithId> {
  /** Name in specs and ids: lower-case letters and digits. */
  task: string;
  /** Name in tables. */
  title: string;
  /** To be raised whenever the same rows would give other examples: what was made by the older version is then made anew. */
  version: number;
  /** One line of its files of rows (source kind `rows`). */
  row: z.ZodType<Row>;
  /** The conditions that it has; the real test split is made by `real`. */
  conditions: { real: Make<Row> } & Partial<Record<string, Make<Row>>>;
  /** F1 over the tokens of the answer, or over the numbers of cited documents. */
  f1: 'tokens' | 'citations';
  /** The score by which its heads count: Eq. 1 (answer tokens that are copied) or Eq. 2 (attention to the needle). */
  heads: 'retrieval' | 'insight';
}

export interface OwnCondition {
  /** Name in specs and ids: lower-case letters and digits. */
  condition: string;
  title: string;
  /** As of a task. */
  version: number;
  /** How each task that has the condition makes its rows; those of the paper's tasks are rows of source.ts (`MdqaRow`, …). */
  // Rows differ from task to task; the file that makes them says which it takes.
  tasks: Readonly<Record<string, Make<never>>>;
}

const NAME = /^[a-z][a-z0-9]{0,29}$/;

/** @throws RangeError naming what cannot be */
export function defineTask<Row extends WithId>(task: OwnTask<Row>): OwnTask {
  check(task.task, task.version, 'task');
  return task as unknown as OwnTask;
}

/** @throws RangeError naming what cannot be */
export function defineCondition(condition: OwnCondition): OwnCondition {
  check(condition.condition, condition.version, 'condition');
  return condition;
}

function check(name: string, version: number, what: 'task' | 'condition'): void {
  if (!NAME.test(name)) throw new RangeError(`${what}: found ${JSON.stringify(name)}, allowed: a name of lower-case letters and digits (at most 30) that begins with a letter`);
  if (!Number.isInteger(version) || version < 1) throw new RangeError(`version of ${what} ${name}: found ${version}, allowed: a whole number from 1`);
}
