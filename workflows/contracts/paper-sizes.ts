/** Sizes of the paper's training sets (appendix C.1), where a spec leaves them out. */
import type { Task } from './experiment.ts';

export const PAPER_SIZES: Readonly<Record<Task, number>> = { mdqa: 1400, musique: 400, summhay: 400 };

/** The spec as given, with the paper's number of examples for each task that names none. What is malformed is left as it is. */
export function withPaperSizes(spec: unknown): unknown {
  if (!isObject(spec) || !Array.isArray(spec.tasks)) return spec;
  return { ...spec, tasks: spec.tasks.map(withPaperSize) };
}

function withPaperSize(task: unknown): unknown {
  if (!isObject(task) || typeof task.task !== 'string' || !Object.hasOwn(PAPER_SIZES, task.task)) return task;
  const { examples = {} } = task;
  return isObject(examples) ? { ...task, examples: { total: PAPER_SIZES[task.task as Task], ...examples } } : task;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
