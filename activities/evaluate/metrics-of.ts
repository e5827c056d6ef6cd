import { Example } from '#workflows/contracts/dataset.ts';
import { type Metrics, Prediction } from '#workflows/contracts/results.ts';
import { scorePredictions } from '../analysis/index.ts';
import { readJsonLines } from '../source/index.ts';

/** F1 and exact match of a file of predictions on the first examples of a dataset file, one prediction each. */
export async function metricsOf(dataFile: string, predictionsFile: string): Promise<Metrics> {
  const predictions: Prediction[] = [];
  for await (const { value } of readJsonLines(Prediction, predictionsFile)) predictions.push(value);
  const examples: Pick<Example, 'id' | 'task' | 'answers'>[] = [];
  for await (const { value } of readJsonLines(Example, dataFile)) {
    if (examples.length === predictions.length) break;
    examples.push({ id: value.id, task: value.task, answers: value.answers });
  }
  return scorePredictions(examples, predictions);
}
