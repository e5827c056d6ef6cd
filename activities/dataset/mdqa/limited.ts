/** Condition `limited`: real data of few kinds of questions, told by their words (paper, appendix C.1). */
import type { TaskSpec } from '#workflows/contracts/spec.ts';

const WORDS: Readonly<Record<TaskSpec['limited'], readonly string[]>> = { L1: ['who', 'when', 'where'], L2: ['when', 'where'], L3: ['who'] };

/** Why a question is not of the subset; undefined if it contains one of its words. */
export function unfitFor(subset: TaskSpec['limited'], question: string): string | undefined {
  const words = new Set(question.toLowerCase().match(/\p{L}+/gu));
  return WORDS[subset].some((word) => words.has(word)) ? undefined : `question without ${WORDS[subset].join(', ')} (${subset})`;
}
