/**
 * An example of a condition of one's own (README, "Your own task"): MDQA's questions, with the sentence that answers them as an entry of a list
 * instead of within its passage. To have it, copy this file to workflows/tasks/ and name it in workflows/tasks/index.ts.
 */
import type { MdqaRow } from '#workflows/contracts/source.ts';
import { defineCondition, type OwnExample } from '#workflows/tasks/own-task.ts';

export const terse = defineCondition({
  condition: 'terse',
  title: 'Terse',
  version: 1,
  tasks: {
    mdqa: ({ question, answers, gold, distractors }: MdqaRow): OwnExample => {
      const needle = `${gold.title}: ${answers[0]}`;
      return { question, answer: answers[0]!, answers, passages: [{ text: needle, needles: [needle] }], others: distractors.map(({ title, text }) => `${title}: ${text.split('. ')[0]}`) };
    },
  },
});
