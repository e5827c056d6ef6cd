/** What must hold for every example; checked on each one before it is written, not only in tests. */
import { answerFilter, answerOccurrences } from '#activities/source/index.ts';
import { Example } from '#workflows/contracts/dataset.ts';
import { InvalidInput, parse } from '#workflows/contracts/parse.ts';
import { ExampleError } from './errors.ts';
import { spanReader } from './spans.ts';

/** What the generator knows about an example beside the example itself. */
export interface ExampleTruth {
  contextTokens: number;
  /** What each needle says, in any order. */
  needleTexts: readonly string[];
  /** Texts of the pieces that hold no needle. */
  otherTexts: readonly string[];
  answersOnlyInNeedles: boolean;
}

/**
 * Throws unless
 * - the example fits its schema, ends in "Answer:", asks its question and is within `contextTokens`;
 * - its needles are exactly `needleTexts`, and each stands in the prompt once only;
 * - `answer` is one of `answers`; there are answer spans, each reads as an answer and lies inside a needle;
 * - no piece around the needles contains an answer (normalised). In the miniature's and the symbolic prompts no answer
 *   stands outside the needles at all; a real gold passage may name it in its title.
 * @throws ExampleError naming the example and what is wrong
 */
export function checkExample(example: Example, { contextTokens, needleTexts, otherTexts, answersOnlyInNeedles }: ExampleTruth): void {
  const { id, prompt, question, answer, answers, needles, answerSpans, promptTokens } = example;
  const require = (condition: boolean, problem: () => string) => {
    if (!condition) throw new ExampleError(id, problem());
  };
  try {
    parse(Example, example, 'it');
  } catch (error) {
    throw error instanceof InvalidInput ? new ExampleError(id, error.message) : error;
  }
  const read = spanReader(prompt);

  require(prompt.endsWith(`\nQuestion: ${question}\nAnswer:`), () => 'prompt: does not end in its question and "Answer:"');
  require(promptTokens <= contextTokens, () => `promptTokens: found ${promptTokens}, allowed: at most ${contextTokens}`);

  const found = needles.map(read);
  require(sameTexts(found, needleTexts), () => `needles: found ${JSON.stringify(found)}, allowed: ${JSON.stringify(needleTexts)}`);
  for (const text of found) {
    require(prompt.indexOf(text) === prompt.lastIndexOf(text), () => `needles: "${text}" stands in the prompt more than once`);
  }

  require(answers.includes(answer), () => `answer: found "${answer}", allowed: one of ${JSON.stringify(answers)}`);
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

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  const [left, right] = [[...a].sort(), [...b].sort()];
  return left.length === right.length && left.every((text, at) => text === right[at]);
}
