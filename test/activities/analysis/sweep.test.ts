import { describe, expect, test } from 'vitest';
import { analyseSweep, evaluation, headFindings, SAMPLED_QUESTIONS } from '#activities/analysis/index.ts';
import { SweepResults } from '#workflows/contracts/report.ts';
import { fixtureFiles } from '../report/fixture.ts';

const bootstrap = { resamples: 1000, level: 0.95, seed: 0 };
const metrics = (values: number[]) => ({ examples: values.length, f1: 0, exactMatch: 0, perExample: values.map((f1, at) => ({ id: `q${at}`, f1, exactMatch: f1 === 1 ? 1 : 0 })) });

describe('evaluation against the real cell', () => {
  test('differences are paired by question', () => {
    // Both models differ by exactly .5 on every question, so the difference is certain though each mean is not.
    const { f1, exactMatch, f1MinusReal } = evaluation(metrics([0, 0.5, 0, 0.5]), metrics([0.5, 1, 0.5, 1]), bootstrap);
    expect(f1.mean).toBe(0.25);
    expect(exactMatch.mean).toBe(0);
    expect(f1MinusReal).toEqual({ mean: -0.5, low: -0.5, high: -0.5 });
  });
  test('other questions are refused', () => {
    expect(() => evaluation(metrics([1]), metrics([1, 0]), bootstrap)).toThrow(/2 questions expected.*found 1/);
    const other = metrics([1, 0]);
    other.perExample[1]!.id = 'x';
    expect(() => evaluation(metrics([1, 0]), other, bootstrap)).toThrow(/perExample\[1\]\.id: expected "x".*found "q1"/);
  });
});

test('head findings by hand, with the score that the task calls for', () => {
  const scores = { layers: 1, heads: 3, examples: 5, retrieval: [[0.5, 0, 0.5]], insight: [[0, 1, 0]], f1: 0.4 };
  const real = { ...scores, retrieval: [[0.5, 0.5, 0]], insight: [[0, 0.2, 0]] };
  expect(headFindings('mdqa', scores, real)).toMatchObject({ kind: 'retrieval', positive: 2, recall: 0.5, ownF1: 0.4 });
  expect(headFindings('mdqa', scores, real).cosine).toBeCloseTo(0.5, 12);
  expect(headFindings('summhay', scores, real)).toMatchObject({ kind: 'insight', positive: 1, recall: 1, cosine: 1 });
  expect(headFindings('mdqa', scores, undefined)).toMatchObject({ positive: 2, recall: null, cosine: null });
});

describe('a sweep', () => {
  test('fits the contract, the same every time', () => {
    const results = analyseSweep(fixtureFiles());
    expect(SweepResults.parse(results)).toEqual(results);
    expect(analyseSweep(fixtureFiles())).toEqual(results);
    const [real] = results.settings[0]!.cells;
    expect(real).toMatchObject({ condition: 'real', evaluation: { f1MinusReal: null }, heads: { recall: 1 } });
    expect(real!.heads!.cosine).toBeCloseTo(1, 12);
  });
  test('quotes predictions of every model for the same few questions', () => {
    const { predictions } = analyseSweep(fixtureFiles()).settings[0]!;
    expect(predictions).toHaveLength(SAMPLED_QUESTIONS);
    expect(predictions[0]!.outputs.map(({ by }) => by)).toEqual(['untuned', 'untuned-scaled', 'real', 'high/high', 'symbolic']);
  });
  test('whose artifacts contradict each other is an error that names the place', () => {
    const files = fixtureFiles();
    files.settings[0]!.cells[1]!.evaluate!.metrics.perExample[3]!.id = 'other';
    expect(() => analyseSweep(files)).toThrow(/mdqa, tiny-llama, high\/high: perExample\[3\]\.id.*found "other"/);
  });
});
