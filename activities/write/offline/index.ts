/**
 * Templates that stand in for an LLM: for each prompt a reply in the form it asks for. Everything runs with them without a
 * key; what they write is plain, and labelled as theirs wherever it is shown.
 */
import type { SeededRandom } from '#activities/random/seeded.ts';
import type { PromptId, Slots } from '../prompts.ts';
import { paragraph } from './articles.ts';
import { sentenceAbout, statement } from './facts.ts';
import { paraphrased } from './paraphrase.ts';
import { simplified } from './simplify.ts';
import { brokenUp } from './split.ts';

/** Prompt A.4 asks for so many. */
const SENTENCES = 5;

const slot = (slots: Slots, name: string): string => {
  const text = slots[name];
  if (text === undefined) throw new Error(`offline writer: no ${name} was given`);
  return text;
};

const WRITERS: Readonly<Record<PromptId, (slots: Slots, random: SeededRandom) => string>> = {
  'A.1': (slots, random) => statement(slot(slots, 'question'), slot(slots, 'answer'), random),
  'A.2': (slots, random) => {
    const { title, text, question, answer } = paragraph(slot(slots, 'entity').split(', '), random);
    return `Title: ${title}\nText: ${text}\nQuestion: ${question}\nAnswer: ${answer}`;
  },
  'A.3': (slots, random) => {
    const { title, text } = sentenceAbout(slot(slots, 'fake_entities'), random);
    return `Title: ${title}\nText: ${text}`;
  },
  'A.4': (slots, random) => {
    const { title, text } = paragraph([slot(slots, 'fake_entities')], random, SENTENCES);
    return `Title: ${title}\nText: ${text}`;
  },
  'A.5': (slots, random) => paraphrased(slot(slots, 'text'), random),
  'A.6': (slots, random) => simplified(slot(slots, 'sentence'), random),
  'A.7': (slots, random) => brokenUp(slot(slots, 'text'), random).join('\n'),
};

/** The templates' reply to a prompt with these slots. */
export function offlineReply(id: PromptId, slots: Slots, random: SeededRandom): string {
  return WRITERS[id](slots, random);
}
