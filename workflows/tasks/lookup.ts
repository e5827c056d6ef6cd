/** What is to be known of a task or condition of one's own; undefined for those of the paper. */
import type { Make, OwnCondition, OwnTask } from './own-task.ts';
import { OWN_CONDITIONS, OWN_TASKS } from './index.ts';

export const ownTask = (task: string): OwnTask | undefined => OWN_TASKS.find((own) => own.task === task);

export const ownCondition = (condition: string): OwnCondition | undefined => OWN_CONDITIONS.find((own) => own.condition === condition);

/** Whether the answer of a task is the numbers of documents. */
export const citesDocuments = (task: string): boolean => task === 'summhay' || ownTask(task)?.f1 === 'citations';

/** What makes the examples of a task in a condition, and its version, where either is one's own; undefined where the paper's own code does. */
export function ownMaking(task: string, condition: string): { make: Make<never>; version: string } | undefined {
  const [own, added] = [ownTask(task), ownCondition(condition)];
  const make = (added?.tasks[task] ?? own?.conditions[condition]) as Make<never> | undefined;
  if (make === undefined) return undefined;
  return { make, version: [...(own ? [`${own.task} ${own.version}`] : []), ...(added ? [`${added.condition} ${added.version}`] : [])].join(', ') };
}

/** Why a task has no such condition, where one of both is one's own; null where it has. */
export function lackingMaking(task: string, condition: string): string | null {
  const [own, added] = [ownTask(task), ownCondition(condition)];
  if ((own === undefined && added === undefined) || ownMaking(task, condition) !== undefined) return null;
  if (own !== undefined) return `${own.title} has no condition "${condition}" (it has ${[...Object.keys(own.conditions), ...OWN_CONDITIONS.flatMap((each) => (task in each.tasks ? [each.condition] : []))].join(', ')})`;
  return `condition "${condition}" is made for ${Object.keys(added!.tasks).join(', ')}, not for ${task}`;
}
