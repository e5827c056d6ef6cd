import { describe, expect, test } from 'vitest';
import { patchingFindings } from '#activities/analysis/index.ts';
import { findings as found, whatWasRun } from '#activities/report/summary.ts';
import type { CellResults, Evaluation, SettingResults } from '#workflows/contracts/report.ts';
import { fixtureResults } from './fixture.ts';

const evaluation = (mean: number, gap: [number, number, number] | null = null): Evaluation => ({
  examples: 100,
  f1: { mean, low: mean - 0.1, high: mean + 0.1 },
  exactMatch: { mean, low: mean, high: mean },
  f1MinusReal: gap && { mean: gap[0], low: gap[1], high: gap[2] },
});
const cell = (condition: CellResults['condition'], parts: Partial<CellResults>): CellResults => ({
  condition, status: 'done', reason: null, stages: [], dataset: null, training: null, evaluation: null, heads: null, inspection: null, masking: null, patching: null, patchingReason: null, ...parts,
});
const setting = (cells: CellResults[], baselines: SettingResults['baselines'] = []): SettingResults => ({
  task: 'mdqa', model: 'm', test: { stages: [], dataset: null }, baselines, cells, siblings: [], predictions: [],
});
const findings = (of: SettingResults): string[] => found(of).map(({ text }) => text);
const baseline = (name: 'untuned' | 'untuned-scaled', mean: number) => ({ baseline: name, status: 'done' as const, reason: null, stages: [], evaluation: evaluation(mean) });

describe('sentences follow the numbers', () => {
  test('when tuning helps', () => {
    expect(findings(setting([cell('real', { evaluation: evaluation(0.56) })], [baseline('untuned', 0.01), baseline('untuned-scaled', 0.44)]))).toEqual([
      'Tuning on real data raised F1 from 0.01 (untuned) to 0.56 (95 % interval 0.46 to 0.66, 100 questions); raising the RoPE theta alone gave 0.44.',
    ]);
  });
  test('when it hurts, and when it changes nothing', () => {
    expect(findings(setting([cell('real', { evaluation: evaluation(0.2) })], [baseline('untuned', 0.5)]))[0]).toContain('lowered F1 from 0.50 (untuned) to 0.20');
    expect(findings(setting([cell('real', { evaluation: evaluation(0.2) })], [baseline('untuned', 0.2001)]))[0]).toContain('left F1 where it was');
  });
  test('on synthetic data below, level with and above real data', () => {
    const of = (gap: [number, number, number]) => findings(setting([cell('symbolic', { evaluation: evaluation(0.5, gap) })]))[1];
    expect(of([-0.1, -0.2, -0.01])).toBe('The synthetic condition, Symbolic, reached 0.50, 0.10 below real data (95 % interval of the difference −0.20 to −0.01; it excludes zero).');
    expect(of([0.1, -0.1, 0.3])).toContain('0.10 above real data (95 % interval of the difference −0.10 to 0.30; it includes zero)');
    expect(of([0, -0.1, 0.1])).toContain('as much as real data');
  });
  test('limited real data are no synthetic condition', () => {
    const cells = [cell('limited-L1', { evaluation: evaluation(0.9, [0.3, 0.2, 0.4]) }), cell('symbolic', { evaluation: evaluation(0.5, [-0.1, -0.2, -0.01]) })];
    expect(findings(setting(cells))[1]).toContain('The synthetic condition, Symbolic, reached 0.50');
    expect(findings(setting(cells.slice(0, 1)))).toHaveLength(1);
  });
  test('on masking, whichever way it went', () => {
    const masking = (top: number, random: number[]): CellResults['masking'] => ({
      examples: 40, unmaskedF1: 0.5, skipped: [],
      sets: [{ id: 't', kind: 'top', k: 4, draw: null, heads: [], f1: top }, ...random.map((f1, draw) => ({ id: `r${draw}`, kind: 'random' as const, k: 4, draw, heads: [], f1 }))],
    });
    expect(findings(setting([cell('real', { masking: masking(0.1, [0.4, 0.5]) })]))).toEqual([
      'Silencing the 4 highest-scoring heads of the model tuned on real data lowered its F1 from 0.50 to 0.10; silencing as many random heads gave 0.45 (mean of 2 draws, 0.40 to 0.50).',
    ]);
    expect(findings(setting([cell('real', { masking: masking(0.6, [0.4]) })]))[0]).toContain('raised its F1 from 0.50 to 0.60; silencing as many random heads gave 0.40 (one draw)');
    const both = findings(setting([cell('real', { masking: masking(0.1, [0.4]) }), cell('symbolic', { masking: masking(0.4, [0.3, 0.5]) })]));
    expect(both.at(-1)).toBe('Over all models and numbers of heads, silencing the highest-scoring ones cost more than every random draw in 1 of 2 comparisons.');
  });
  test('on patching: where it helped, and where it helped most', () => {
    const patched = (condition: CellResults['condition'], [complement, intersection, random]: [number, number, number]) =>
      cell(condition, { patching: patchingFindings({ examples: 50, unpatchedF1: 0.4, n: 3, candidates: { complement: 3, intersection: 7 }, skipped: [], sets: [set('complement', complement), set('intersection', intersection), set('random', random)] }) });
    const set = (kind: 'complement' | 'intersection' | 'random', f1: number) => ({ id: kind, kind, draw: null, heads: [], f1 });
    expect(findings(setting([patched('low/low', [0.41, 0.3, 0.2]), patched('symbolic', [0.3, 0.6, 0.5])]))).toEqual([
      'Heads patched from the model tuned on real data raised F1 in 2 of 2 models, most in that tuned on symbolic data: from 0.40 to 0.60 (intersection, 3 heads).',
      'Of heads patched from the real-data model: those of the intersection beat as many random ones in 2 of 2 models, those of the complement beat as many random ones in 1 of 2 models.',
    ]);
    expect(findings(setting([patched('low/low', [0.4, 0.3, 0.2])]))[0]).toEqual('Heads patched from the model tuned on real data raised F1 in 0 of 1 model.');
  });
  test('on nothing there are none', () => expect(findings(setting([cell('real', { status: 'missing', reason: 'x' })]))).toEqual([]));
});

test('an incomplete sweep says so', () => {
  const results = fixtureResults({ conditions: ['real', 'high/high', 'low/low', 'symbolic'] });
  expect(whatWasRun(results)).toBe('1 model on MDQA, 4 kinds of training data: 3 of 4 cells finished (1 failed).');
});
