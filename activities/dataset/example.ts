/** From a question of the base sample to an example, or to the reason why it cannot be one. */
import type { SeededRandom } from '#activities/random/seeded.ts';
import type { Example } from '#workflows/contracts/dataset.ts';
import type { Task } from '#workflows/contracts/experiment.ts';
import { checkExample, type ExampleTruth } from './check.ts';
import { saidBy } from './documents.ts';
import type { Draft, Piece } from './draft.ts';
import { ExampleError, Unusable } from './errors.ts';
import { type FilledPrompt, fillPrompt } from './fill.ts';
import { inFrame, type PromptFrame } from './frame.ts';
import { LAYOUTS } from './layouts.ts';
import { promptEnd, renderPrompt } from './prompt.ts';
import { answersInNeedles, toSpans } from './spans.ts';
import type { TaskRow } from './task.ts';
import type { TokenCounter } from './tokens.ts';

export interface ExampleSettings {
  task: Task;
  contextTokens: number;
  /** Counts prompts in their frame. */
  counter: TokenCounter;
  frame: PromptFrame;
}

/** An example but for where it belongs, or why the question is left out, in every condition alike. */
export type BuiltExample = { generator: string } & (Built | { dropped: string });

export interface Built {
  example: Omit<Example, 'task' | 'condition' | 'split'>;
  /** The context's pieces as they stand in the prompt. */
  pieces: readonly Piece[];
  /** Why the example, as it would be written, must not be: null where it may. A written text at fault is told; any other is an error. */
  check: (example: Example) => string | null;
}

/** Counted when what a question's context must hold (so many pieces) is longer than the context. */
const TOO_LONG: Readonly<Record<Task, (pieces: number) => string>> = {
  mdqa: () => 'gold passage longer than the context',
  musique: () => 'supporting passages longer than the context',
  summhay: (pieces) => `${pieces === 10 ? 'ten' : pieces} documents longer than the context`,
};

/** Counted when the source has not enough passages without an answer to fill the context (an answer like "Ed" stands in most). */
const TOO_FEW = 'too few passages without its answer to fill the context';

/** Why the question is left out, whatever is made of it: it is none of the condition, or its real form cannot be had at this length. Null where it is not. */
export async function reasonToLeaveOut({ unfit, real: make, tooLong }: TaskRow, { task, contextTokens, counter }: ExampleSettings): Promise<string | null> {
  if (unfit !== undefined) return unfit;
  const real = draftOf(make);
  if ('dropped' in real) return real.dropped;
  const fault = await faultOf(real, contextTokens, counter);
  return fault === null ? null : fault === 'too long' ? (tooLong ?? TOO_LONG[task](real.required.length)) : TOO_FEW;
}

export async function buildExample(row: TaskRow, settings: ExampleSettings, random: SeededRandom): Promise<BuiltExample> {
  const { contextTokens, counter, frame } = settings;
  const { generator } = row;
  const reason = await reasonToLeaveOut(row, settings);
  if (reason !== null) return { generator, dropped: reason };
  const draft = draftOf(row.draft);
  if ('dropped' in draft) return { generator, dropped: draft.dropped };
  if (row.written) {
    const lacking = await faultOf(draft, contextTokens, counter);
    if (lacking !== null) return { generator, dropped: lacking === 'too long' ? 'written texts longer than the context' : 'too few written passages without its answer to fill the context' };
  }
  const filled = inFrame(frame, await fillPrompt(draft, contextTokens, counter, random));
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
  const truth = truthOf(draft, filled, contextTokens, frame);
  return { generator, example, pieces: filled.pieces, check: (whole) => checked(whole, truth, row.written === true) };
}

function draftOf(make: () => Draft): Draft | { dropped: string } {
  try {
    return make();
  } catch (error) {
    if (error instanceof Unusable) return { dropped: error.message };
    throw error;
  }
}

function checked(example: Example, truth: ExampleTruth, written: boolean): string | null {
  try {
    checkExample(example, truth);
    return null;
  } catch (error) {
    if (written && error instanceof ExampleError) return `written text breaks an invariant (${error.field})`;
    throw error;
  }
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
function truthOf({ layout, question, required, answerIn, answersOnlyInNeedles, verify }: Draft, { pieces, mayMiss }: FilledPrompt, contextTokens: number, frame: PromptFrame): ExampleTruth {
  return {
    contextTokens,
    mayMiss,
    promptEnd: promptEnd(layout, question) + frame.after,
    needleTexts: required.flatMap(({ text, needles = [] }) => needles.map(({ start, end }) => text.slice(start, end))),
    otherTexts: pieces.filter(({ needles }) => needles === undefined).map(({ text }) => saidBy(text)),
    answerIn,
    answersOnlyInNeedles,
    ...(verify && { verify }),
  };
}
