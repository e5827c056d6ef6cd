import { expect, test } from 'vitest';
import { correlations } from '#activities/analysis/index.ts';
import { overall as found } from '#activities/report/overall.ts';
import { renderReport } from '#activities/report/index.ts';
import type { SettingResults, SweepResults } from '#workflows/contracts/report.ts';
import { fixtureResults } from './fixture.ts';

const one = fixtureResults();
const first = one.settings[0]!;
const sweep = (settings: SettingResults[]): SweepResults => ({ ...one, settings, correlations: correlations(settings) });
const overall = (results: SweepResults): string[] => found(results).map(({ text }) => text);
/** The setting with the values of every cell put through `change`. */
const changed = (task: SettingResults['task'], change: (cell: SettingResults['cells'][number]) => Partial<SettingResults['cells'][number]>): SettingResults => ({ ...first, task, cells: first.cells.map((cell) => ({ ...cell, ...change(cell) })) });

const overlapOf = (condition: string) => {
  const value = condition === 'real' ? 1 : condition === 'symbolic' ? 0.1 : 0.5;
  return { cosine: value, recall: value };
};

test('what holds over all settings is counted from their values', () => {
  const [real, high, symbolic] = first.cells;
  // In the second setting symbolic data is best, its heads are most, and everything about heads is the other way round.
  const second = changed('musique', ({ condition, evaluation, heads, patching, masking }) => ({
    evaluation: { ...evaluation!, f1: { ...evaluation!.f1, mean: condition === 'symbolic' ? 0.9 : condition === 'real' ? 0.5 : 0.7 } },
    heads: { ...heads!, positive: condition === 'symbolic' ? 30 : 4, ...overlapOf(condition) },
    patching: patching && { ...patching, f1: { complement: 0.1, intersection: 0.2, random: 0.3 } },
    masking: masking && { ...masking, sets: masking.sets.map((set) => ({ ...set, f1: set.kind === 'top' ? 0.9 : 0.1 })) },
  }));
  const fewer = [high, symbolic].filter((cell) => cell!.heads!.positive < real!.heads!.positive).length;
  const better = [high, symbolic].filter((cell) => cell!.patching!.f1.intersection! > cell!.patching!.f1.random!).length;
  const complement = [high, symbolic].filter((cell) => cell!.patching!.f1.complement! > cell!.patching!.f1.random!).length;
  const gap = real!.evaluation!.f1.mean - Math.max(high!.evaluation!.f1.mean, symbolic!.evaluation!.f1.mean);
  const spearman = correlations([first]).find(({ rows }) => rows === 'all')!;
  expect([fewer, better, gap > 0]).toEqual([2, 2, true]);
  expect(overall(sweep([first, second]))).toEqual([
    `Real data gave a higher F1 than every synthetic condition in 1 of 2 settings; the best synthetic condition was at most ${gap.toFixed(2)} below it.`,
    'Tuning on synthetic data left fewer heads with a positive score than tuning on real data in 2 of 4 models.',
    `F1 rises with the overlap of heads with real data’s (Spearman above zero): cosine in ${Number(spearman.cosine.rho! > 0)} of 2 settings (p < 0.05 in 0), recall in ${Number(spearman.recall.rho! > 0)} of 2 settings (p < 0.05 in 0).`,
    'Silencing the highest-scoring heads cost more than every draw of as many random ones in 9 of 18 comparisons over all models and numbers of heads.',
    `Over all settings, heads patched from the real-data model: those of the intersection beat as many random ones in 2 of 4 models, those of the complement beat as many random ones in ${complement} of 4 models.`,
  ]);
});

test('a sweep of one setting says it there, one without values says nothing, and the page has what is said', async () => {
  expect(overall(one)).toEqual([]);
  const bare = (task: SettingResults['task']) => changed(task, () => ({ evaluation: null, heads: null, masking: null, patching: null }));
  expect(overall(sweep([bare('mdqa'), bare('musique')]))).toEqual([]);
  const two = sweep([first, changed('musique', () => ({}))]);
  const page = await renderReport(two);
  for (const sentence of overall(two)) expect(page).toContain(sentence.replaceAll('<', '&lt;'));
});
