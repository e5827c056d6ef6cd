/** How right an answer is: SQuAD-normalised token F1 and exact match, or F1 over the set of cited documents; best over the accepted answers. */
import type { Example } from '#workflows/contracts/dataset.ts';
import { citesDocuments } from '#workflows/tasks/lookup.ts';
import type { Metrics, Prediction } from '#workflows/contracts/results.ts';

/** Python's `string.punctuation`, which the official SQuAD script strips; other punctuation stays. */
const PUNCTUATION = /[!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]/g;
/** Whole words only; letters of any script count as word characters, as in Python (JavaScript's `\b` knows ASCII only). */
const ARTICLES = /(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu;

/** Tokens of an answer as the official SQuAD evaluation compares them: lower case, no punctuation, no articles. */
export function answerTokens(text: string): string[] {
  const bare = text.toLowerCase().replace(PUNCTUATION, '').replace(ARTICLES, ' ').trim();
  return bare === '' ? [] : bare.split(/\s+/u);
}

/**
 * Token F1 in 0..1 of a prediction, best over the accepted answers (metric of MDQA and MuSiQue; the paper leaves F1
 * undefined, see README, "Choices the paper leaves open"). As in SQuAD 2.0, a side without tokens matches only another one.
 * @throws RangeError without accepted answers
 */
export function tokenF1(prediction: string, answers: readonly string[]): number {
  return best(answers, (answer) => pairF1(answerTokens(prediction), answerTokens(answer)));
}

/** 1 if the prediction equals one of the accepted answers after normalisation, else 0. @throws RangeError without answers */
export function exactMatch(prediction: string, answers: readonly string[]): number {
  const normal = answerTokens(prediction).join(' ');
  return best(answers, (answer) => (answerTokens(answer).join(' ') === normal ? 1 : 0));
}

/**
 * F1 in 0..1 over the sets of document numbers that prediction and answer cite, best over the accepted answers (metric of
 * SummHay Citation). A number counts once, in whatever order, with or without brackets; no number against some is 0.
 * @throws RangeError without accepted answers
 */
export function citationF1(prediction: string, answers: readonly string[]): number {
  const cited = citedNumbers(prediction);
  return best(answers, (answer) => {
    const gold = citedNumbers(answer);
    if (cited.size === 0 || gold.size === 0) return cited.size === gold.size ? 1 : 0;
    return (2 * [...cited].filter((number) => gold.has(number)).length) / (cited.size + gold.size);
  });
}

/** 1 if exactly the documents of one of the accepted answers are cited, else 0. @throws RangeError without answers */
export const citationMatch = (prediction: string, answers: readonly string[]): number => (citationF1(prediction, answers) === 1 ? 1 : 0);

function citedNumbers(text: string): Set<number> {
  return new Set((text.match(/\d+/g) ?? []).map(Number));
}

const OF_TOKENS = { f1: tokenF1, exactMatch };
const OF_CITATIONS = { f1: citationF1, exactMatch: citationMatch };

/**
 * `metrics.json` of predictions over the examples they answer.
 * @throws RangeError unless the predictions are those of the examples, one each and in the same order
 */
export function scorePredictions(examples: readonly Pick<Example, 'id' | 'task' | 'answers'>[], predictions: readonly Prediction[]): Metrics {
  if (examples.length === 0) throw new RangeError('examples: at least one is needed to score predictions, found none');
  if (predictions.length !== examples.length) {
    throw new RangeError(`predictions: ${examples.length} expected, one per example, found ${predictions.length}`);
  }
  const perExample = examples.map(({ id, task, answers }, at) => {
    const prediction = predictions[at] as Prediction;
    if (prediction.id !== id) throw new RangeError(`predictions[${at}].id: expected "${id}", the example there, found "${prediction.id}"`);
    const metrics = citesDocuments(task) ? OF_CITATIONS : OF_TOKENS;
    return { id, f1: metrics.f1(prediction.text, answers), exactMatch: metrics.exactMatch(prediction.text, answers) };
  });
  const meanOf = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    examples: perExample.length,
    f1: meanOf(perExample.map(({ f1 }) => f1)),
    exactMatch: meanOf(perExample.map((example) => example.exactMatch)),
    perExample,
  };
}

function best(answers: readonly string[], score: (answer: string) => number): number {
  if (answers.length === 0) throw new RangeError('answers: at least one accepted answer is needed, found none');
  return Math.max(...answers.map(score));
}

/** Harmonic mean of precision and recall over the two bags of tokens. */
function pairF1(predicted: string[], gold: string[]): number {
  if (predicted.length === 0 || gold.length === 0) return predicted.length === gold.length ? 1 : 0;
  const left = new Map<string, number>();
  for (const token of gold) left.set(token, (left.get(token) ?? 0) + 1);
  let common = 0;
  for (const token of predicted) {
    const count = left.get(token) ?? 0;
    if (count === 0) continue;
    common += 1;
    left.set(token, count - 1);
  }
  return (2 * common) / (predicted.length + gold.length);
}
