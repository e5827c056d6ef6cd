/** From a question of the base sample to an example, or to the reason why it cannot be one. */
import type { SeededRandom } from '#activities/random/seeded.ts';
import type { Example } from '#workflows/contracts/dataset.ts';
import type { Task } from '#workflows/contracts/experiment.ts';
import { checkExample, type ExampleTruth } from './check.ts';
import { saidBy } from './documents.ts';
import type { Draft } from './draft.ts';
import { type FilledPrompt, fillPrompt } from './fill.ts';
import { LAYOUTS } from './layouts.ts';
import { promptEnd, renderPrompt } from './prompt.ts';
import { answersInNeedles, toSpans } from './spans.ts';
import type { TaskRow } from './task.ts';
import type { TokenCounter } from './tokens.ts';

export interface ExampleSettings {
  task: Task;
  contextTokens: number;
  counter: TokenCounter;
}

/** An example but for where it belongs, or why the question is left out, in every condition alike. */
export type BuiltExample = { generator: string } & ({ example: Omit<Example, 'task' | 'condition' | 'split'>; check: (example: Example) => void } | { dropped: string });

/** Counted when what a question's context must hold is longer than the context. */
const TOO_LONG: Readonly<Record<Task, string>> = {
  mdqa: 'gold passage longer than the context',
  musique: 'supporting passages longer than the context',
  summhay: 'ten documents longer than the context',
};

/** Counted when the source has not enough passages without an answer to fill the context (an answer like "Ed" stands in most). */
const TOO_FEW = 'too few passages without its answer to fill the context';

export async function buildExample(row: TaskRow, { task, contextTokens, counter }: ExampleSettings, random: SeededRandom): Promise<BuiltExample> {
  const { generator, unfit } = row;
  if (unfit !== undefined) return { generator, dropped: unfit };
  const fault = await faultOf(row.real(), contextTokens, counter);
  if (fault !== null) return { generator, dropped: fault === 'too long' ? TOO_LONG[task] : TOO_FEW };
  const draft = row.draft();
  const filled = await fillPrompt(draft, contextTokens, counter, random);
  const { prompt, needles, numbers, promptTokens } = filled;
  const { question, answer, answers, answerIn } = draft;
  const example = {
    id: row.id,
    prompt,
    answer,
    answers,
    question,
    needles: toSpans(prompt, needles),
    answerSpans: toSpans(prompt, answerIn === 'numbers' ? numbers : answersInNeedles(prompt, needles, answers)),
    promptTokens,
  };
  const truth = truthOf(draft, filled, contextTokens);
  return { generator, example, check: (whole) => checkExample(whole, truth) };
}

/** Why a context of this length cannot be made of the draft: what it must hold is longer, or there is not enough to fill it with. */
async function faultOf({ layout, required, question, filling }: Draft, contextTokens: number, counter: TokenCounter): Promise<'too long' | 'too few' | null> {
  let length = await counter.prompt(renderPrompt(layout, required, question).prompt);
  if (length > contextTokens) return 'too long';
  if (filling.by !== 'pieces') return null;
  // In the form that filling counts, so that each passage is counted once.
  const { textCost } = LAYOUTS[layout];
  for (const { text } of filling.supply ?? filling.others) {
    if (length >= contextTokens) return null;
    length += await counter.part(textCost(text));
  }
  return length >= contextTokens ? null : 'too few';
}

/** What the check of an example goes by. */
function truthOf({ layout, question, required, answerIn, answersOnlyInNeedles, verify }: Draft, { pieces }: FilledPrompt, contextTokens: number): ExampleTruth {
  return {
    contextTokens,
    promptEnd: promptEnd(layout, question),
    needleTexts: required.flatMap(({ text, needles = [] }) => needles.map(({ start, end }) => text.slice(start, end))),
    otherTexts: pieces.filter(({ needles }) => needles === undefined).map(({ text }) => saidBy(text)),
    answerIn,
    answersOnlyInNeedles,
    ...(verify && { verify }),
  };
}
