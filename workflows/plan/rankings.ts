/** What holds passages of a source's pool in the order that a retriever gives them (paper, section 2.2); the rest does not depend on it. */
import { type Condition, type DataKind, dataOf, type Task } from '../contracts/experiment.ts';
import type { Written } from '../contracts/writing.ts';

const KINDS: Readonly<Partial<Record<Task, readonly DataKind[]>>> = {
  // High, high: paraphrases of the passages that the real context holds.
  mdqa: ['real', 'limited', 'high/high'],
  musique: ['real', 'limited'],
  summhay: [],
};

const WRITTEN: Readonly<Partial<Record<Task, readonly Written[]>>> = { mdqa: ['passages'], musique: [], summhay: [] };

/** Whether the datasets of a condition hold retrieved passages. */
export function holdsRetrieved(task: Task, condition: Condition): boolean {
  return KINDS[task]?.includes(dataOf(condition).kind) ?? false;
}

/** Whether retrieved passages decide what is written. */
export function writesRetrieved(task: Task, what: Written): boolean {
  return WRITTEN[task]?.includes(what) ?? false;
}
