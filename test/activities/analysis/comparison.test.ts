import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { compareSweeps } from '#activities/analysis/comparison.ts';
import { specDifferences } from '#activities/analysis/spec-differences.ts';
import type { SweepFiles } from '#activities/analysis/index.ts';
import { comparisonFindings, comparisonPage } from '#activities/report/comparison-page.ts';
import { shellWord } from '#activities/report/sections/stored-traces.ts';
import { canonicalJson } from '#activities/report/canonical-json.ts';
import { SweepComparison } from '#workflows/contracts/comparison.ts';
import { parseSweepSpec } from '#workflows/contracts/parse.ts';
import { fixtureFiles } from '../report/fixture.ts';
import { smallSpec } from '../../support/spec.ts';

const named = (sweep: string, files: SweepFiles) => ({ sweep, files });
const withSetting = (files: SweepFiles, changes: Partial<SweepFiles['settings'][number]>): SweepFiles => ({ ...files, settings: [{ ...files.settings[0]!, ...changes }] });
const cellOf = ({ cells }: SweepComparison, by: string) => cells.find((cell) => cell.by === by)!;

describe('two sweeps side by side', { timeout: 240_000 }, () => {
  const base = fixtureFiles({ conditions: ['real', 'low/low', 'symbolic'] });

  it('differ in nothing where they are the same', () => {
    const comparison = compareSweeps(named('a', base), named('b', base));
    expect(comparison.differences).toEqual([]);
    expect(comparison.cells).toHaveLength(5);
    for (const { f1, jaccard, cosine, by } of comparison.cells) {
      expect(f1, by).toEqual({ mean: 0, low: 0, high: 0 });
      expect(jaccard, by).toBe(by.startsWith('untuned') ? null : 1);
      if (cosine !== null) expect(cosine).toBeCloseTo(1);
    }
    expect(SweepComparison.parse(comparison)).toEqual(comparison);
  });

  it('have their difference in F1 taken over the same questions', () => {
    const better = structuredClone(base);
    const cell = better.settings[0]!.cells.find(({ condition }) => condition === 'symbolic')!;
    // Ten questions more are answered.
    const wrong = cell.evaluate!.metrics.perExample.filter(({ f1 }) => f1 === 0).slice(0, 10);
    for (const one of wrong) one.f1 = 1;
    const comparison = compareSweeps(named('a', base), named('b', better));
    const { f1, a, b } = cellOf(comparison, 'symbolic');
    expect(f1!.mean).toBeCloseTo(10 / 120, 12);
    expect(b.f1!.mean - a.f1!.mean).toBeCloseTo(10 / 120, 12);
    // Resampled in pairs, ten gains and no loss exclude zero, although each side's own interval is far wider.
    expect(f1!.low).toBeGreaterThan(0);
    expect(a.f1!.high).toBeGreaterThan(b.f1!.low);
    expect(comparisonFindings(comparison)).toContain('b answers better than a in 1 of 5, worse in 0; in the others the 95 % interval of the difference holds zero.');
  });

  it('have no difference in F1 where they answered other questions', () => {
    const other = structuredClone(base);
    for (const { evaluate } of [...other.settings[0]!.cells, ...other.settings[0]!.baselines]) evaluate!.metrics.perExample = evaluate!.metrics.perExample.slice(1);
    for (const { evaluate } of [...other.settings[0]!.cells, ...other.settings[0]!.baselines]) evaluate!.predictions = evaluate!.predictions.slice(1);
    other.settings[0]!.test.examples = other.settings[0]!.test.examples!.slice(1);
    expect(cellOf(compareSweeps(named('a', base), named('b', other)), 'real')).toMatchObject({ f1: null, f1Reason: 'they answered other questions', jaccard: 1 });
  });

  it('show a cell that one of them does not have, or has not finished, with the reason', () => {
    const fewer = fixtureFiles({ conditions: ['real', 'high/high'] });
    fewer.settings[0]!.cells[0] = { condition: 'real', status: 'failed', reason: 'out of memory', stages: [] };
    const comparison = compareSweeps(named('a', base), named('b', fewer));
    expect(comparison.cells.map(({ by }) => by)).toEqual(['untuned', 'untuned-scaled', 'real', 'low/low', 'symbolic', 'high/high']);
    expect(cellOf(comparison, 'real').b).toMatchObject({ status: 'failed', reason: 'out of memory', f1: null });
    expect(cellOf(comparison, 'low/low').b).toMatchObject({ status: 'missing', reason: 'the sweep has no such cell' });
    expect(cellOf(comparison, 'high/high').a).toMatchObject({ status: 'missing', reason: 'the sweep has no such cell' });
    expect(cellOf(comparison, 'low/low').f1Reason).toBe('F1 was not measured in both');
  });

  it('join sweeps of one seed whatever it is, and those of several by the seed', () => {
    const alone = compareSweeps(named('a', base), named('b', { ...base, spec: { ...base.spec, seed: 8 } }));
    expect(alone.cells.every(({ seed, a, b }) => seed === null && a.status === 'done' && b.status === 'done')).toBe(true);
    const several = compareSweeps(named('a', base), named('b', withSetting({ ...base, spec: { ...base.spec, seeds: [7, 9] } }, { seed: 9 })));
    expect(several.cells.map(({ seed, by }) => `${seed} ${by}`)).toContain('7 real');
    expect(several.cells.find(({ seed, by }) => seed === 9 && by === 'real')!.a.reason).toBe('the sweep has no such cell');
  });

  it('make one page and JSON that are the same each time, and run nothing that stands in them', () => {
    const hostile = '"><script>alert(1)</script>';
    const strange: SweepFiles = { ...base, spec: { ...base.spec, description: hostile } };
    strange.settings[0]!.cells[1]!.reason = hostile;
    const make = () => compareSweeps(named(hostile, strange), named('b', base));
    expect(comparisonPage(make())).toBe(comparisonPage(make()));
    expect(canonicalJson(make())).toBe(canonicalJson(make()));
    expect(comparisonPage(make())).not.toContain('<script>alert');
    expect(comparisonPage(make())).toContain('&lt;script&gt;alert(1)');
  });

  it('name their sweeps as one word of the command each, whatever they are called', () => {
    const page = comparisonPage(compareSweeps(named('my-sweep', base), named("b's $(rm x)", base)));
    expect(page).toContain('<code>npx needlework compare my-sweep &#39;b&#39;\\&#39;&#39;s $(rm x)&#39;</code>');
    expect(execFileSync('sh', ['-c', `printf %s ${shellWord("b's $(rm x)")}`], { encoding: 'utf8' })).toBe("b's $(rm x)");
  });
});

describe('differences of specs', () => {
  it('name the field, by the name of the task or model, with both values', () => {
    const a = parseSweepSpec(smallSpec());
    const b = parseSweepSpec(smallSpec({ name: 'other', description: 'not a setting', gpuHourDollars: 2, tasks: [{ ...smallSpec().tasks[0]!, contextTokens: 512 }, { ...smallSpec().tasks[0]!, task: 'musique' }], train: { learningRate: 1e-3 }, mask: undefined as never }));
    expect(specDifferences(a, b).map(({ field, a: left, b: right }) => [field, left, right?.slice(0, 20) ?? null])).toEqual([
      ['tasks[mdqa].contextTokens', '256', '512'],
      ['tasks[musique]', null, '{"task":"musique","s'],
      ['train.learningRate', '0.0002', '0.001'],
      ['mask', expect.stringContaining('"k":[2]'), null],
    ]);
    expect(specDifferences(a, a)).toEqual([]);
  });
});
