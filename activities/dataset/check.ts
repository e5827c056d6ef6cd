/** What must hold for every example; checked on each one before it is written, not only in tests. */
import { answerFilter, answerOccurrences } from '#activities/source/index.ts';
import { Example, type Span } from '#workflows/contracts/dataset.ts';
import { InvalidInput, parse } from '#workflows/contracts/parse.ts';
import type { Draft } from './draft.ts';
import { ExampleError } from './errors.ts';
import { spanReader } from './spans.ts';

/** What the generator knows about an example beside the example itself. */
export interface ExampleTruth {
  contextTokens: number;
  /** So many tokens the prompt may be shorter than that. */
  mayMiss: number;
  /** What follows the context: the rest of the prompt with the question. */
  promptEnd: string;
  /** What each needle says, in any order. */
  needleTexts: readonly string[];
  /** Texts of the pieces that hold no needle. */
  otherTexts: readonly string[];
  answerIn: Draft['answerIn'];
  answersOnlyInNeedles: boolean;
  /** The task's own invariant: the problem with the prompt, or null. */
  verify?: (prompt: string) => string | null;
}

type Require = (condition: boolean, problem: () => string) => void;

/**
 * Throws unless
 * - the example fits its schema, ends in its question and "Answer:", is within `contextTokens`, and fills them as it should;
 * - its needles are exactly `needleTexts`, and none of them stands in the prompt once more;
 * - `answer` is one of `answers`, and its spans are where `answerIn` says: inside needles, while no piece around them
 *   contains an answer (normalised), or the numbers of documents, which the answer cites, each in brackets and once;
 * - where answers stand in needles only, none stands outside them; a real gold passage may name it in its title;
 * - the task's own invariant holds.
 * @throws ExampleError naming the example and what is wrong
 */
export function checkExample(example: Example, truth: ExampleTruth): void {
  const { id, prompt, answer, answers, needles, promptTokens } = example;
  const require: Require = (condition, problem) => {
    if (!condition) throw new ExampleError(id, problem());
  };
  try {
    parse(Example, example, 'it');
  } catch (error) {
    throw error instanceof InvalidInput ? new ExampleError(id, error.message) : error;
  }
  require(prompt.endsWith(truth.promptEnd) && truth.promptEnd.includes(example.question), () => `prompt: does not end in its question and "Answer:"`);
  require(promptTokens <= truth.contextTokens, () => `promptTokens: found ${promptTokens}, allowed: at most ${truth.contextTokens}`);

  require(truth.contextTokens - promptTokens <= truth.mayMiss, () => `promptTokens: found ${promptTokens}, allowed: at least ${Math.ceil(truth.contextTokens - truth.mayMiss)}, since there is something to fill ${truth.contextTokens} with`);

  const found = needles.map(spanReader(prompt));
  // A statement may be worded as its needle is; that is no second needle.
  const context = prompt.slice(0, -truth.promptEnd.length);
  require(sameTexts(found, truth.needleTexts), () => `needles: found ${JSON.stringify(found)}, allowed: ${JSON.stringify(truth.needleTexts)}`);
  for (const text of new Set(found)) {
    const marked = found.filter((other) => other === text).length;
    require(timesIn(context, text) === marked, () => `needles: "${text}" stands in the prompt more than once, or more often than it is marked`);
  }

  require(answers.includes(answer), () => `answer: found "${answer}", allowed: one of ${JSON.stringify(answers)}`);
  if (truth.answerIn === 'needles') checkAnswersInNeedles(example, truth, require);
  else checkCitedNumbers(example, require);
  const problem = truth.verify?.(prompt) ?? null;
  require(problem === null, () => `prompt: ${problem}`);
}

function checkAnswersInNeedles({ prompt, answer, answers, needles, answerSpans }: Example, { otherTexts, answersOnlyInNeedles }: ExampleTruth, require: Require): void {
  const read = spanReader(prompt);
  require(answerSpans.length > 0, () => `answerSpans: found none, allowed: at least one inside a needle`);
  for (const span of answerSpans) {
    const text = read(span);
    require(
      answerOccurrences(text, answers).some(({ start, end }) => start === 0 && end === text.length),
      () => `answerSpans: found "${text}", allowed: one of ${JSON.stringify(answers)}`,
    );
    require(
      needles.some(({ start, end }) => start <= span.start && span.end <= end),
      () => `answerSpans: [${span.start}, ${span.end}) lies in no needle`,
    );
  }

  const containsAnswer = answerFilter(answers);
  const leak = otherTexts.find((text) => containsAnswer({ title: '', text }));
  require(leak === undefined, () => `context: a passage without needle contains an answer: ${leak}`);
  if (answersOnlyInNeedles) {
    const edges = [0, ...needles.flatMap(({ start, end }) => [start, end]), prompt.length];
    const outside = edges.flatMap((start, at) => (at % 2 === 0 ? [read({ start, end: edges[at + 1] as number })] : []));
    require(outside.every((text) => answerOccurrences(text, answers).length === 0), () => `context: the answer "${answer}" stands outside its needle`);
  }
}

/** The cited numbers are those of the marked documents, and each is the number of one document only. */
function checkCitedNumbers({ prompt, answer, needles, answerSpans }: Example, require: Require): void {
  const numbers = answerSpans.map(spanReader(prompt));
  const cited = [...answer.matchAll(/\[(\d+)\]/g)].map(([, number]) => number as string);
  require(answer === cited.map((number) => `[${number}]`).join(''), () => `answer: found "${answer}", allowed: numbers in brackets`);
  require(sameTexts(numbers, cited), () => `answerSpans: found ${JSON.stringify(numbers)}, allowed: ${JSON.stringify(cited)}`);
  for (const [at, number] of numbers.entries()) {
    const { start, end } = answerSpans[at] as Span;
    const line = spanReader(prompt)({ start: Math.max(0, start - 'Document ['.length), end: end + ']: '.length });
    require(line === `Document [${number}]: `, () => `answerSpans: [${start}, ${end}) is no document's number`);
    require(timesIn(prompt, `\nDocument [${number}]: `) === 1, () => `context: found ${timesIn(prompt, `\nDocument [${number}]: `)} documents with number ${number}, allowed: 1`);
    const next = Math.min(...answerSpans.map((other) => other.start).filter((other) => other > start), prompt.length);
    require(needles.some((needle) => needle.start > end && needle.start < next), () => `needles: found none in document ${number}`);
  }
}

function timesIn(text: string, part: string): number {
  let times = 0;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) times += 1;
  return times;
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  const [left, right] = [[...a].sort(), [...b].sort()];
  return left.length === right.length && left.every((text, at) => text === right[at]);
}
