import { describe, expect, it } from 'vitest';
import { agreement, measuredSettings, settingAgreement } from '#activities/analysis/agreement.ts';
import { advisor, agreementSentences } from '#activities/report/sections/advisor.ts';
import { Agreement } from '#workflows/contracts/agreement.ts';
import { fixtureResults } from '../report/fixture.ts';

const candidate = (name: string, recall: number | null, f1: number | null, cosine: number | null = recall) => ({ name, recall, cosine, f1 });

describe('agreement of head overlap with F1', () => {
  it('counts the pairs that stand in the same order, and what following the advice gives away', () => {
    // By F1: a > b > c > d. By recall: b first, then a = c, then d. Of the six pairs, (a, b) is turned round and (a, c) is equal.
    const found = settingAgreement({ setting: 's', candidates: [candidate('a', 0.6, 0.5), candidate('b', 0.8, 0.4), candidate('c', 0.6, 0.3), candidate('d', 0.1, 0.2)] }, 'recall');
    expect(found).toMatchObject({ candidates: 4, pairs: 6, advised: 'b', best: 'a' });
    expect(found.alike).toBeCloseTo(4.5 / 6, 12);
    expect(found.lost).toBeCloseTo(0.1, 12);
  });

  it('does not count pairs of equal F1, nor candidates of which one of both is missing', () => {
    const found = settingAgreement({ setting: 's', candidates: [candidate('a', 0.6, 0.5), candidate('b', 0.8, 0.5), candidate('c', null, 0.9), candidate('d', 0.9, null)] }, 'recall');
    expect(found).toMatchObject({ candidates: 2, pairs: 0, alike: null, advised: 'b', lost: 0, leftOut: null });
    expect(settingAgreement({ setting: 's', candidates: [] }, 'cosine')).toEqual({ setting: 's', by: 'cosine', candidates: 0, pairs: 0, alike: null, advised: null, best: null, lost: null, leftOut: null });
  });

  it('takes F1s for equal that differ by the rounding of their sums alone', () => {
    expect(settingAgreement({ setting: 's', candidates: [candidate('a', 0.6, (0.1 + 0.2) / 2), candidate('b', 0.8, 0.3 / 2)] }, 'recall')).toMatchObject({ pairs: 0, alike: null, lost: 0 });
  });

  it('foretells what is left out from the line through the others', () => {
    // On one line, what is left out is foretold exactly; the mean of the others is not.
    const line = settingAgreement({ setting: 's', candidates: [0.1, 0.4, 0.5, 0.9].map((x) => candidate(String(x), x, 0.2 + 0.5 * x)) }, 'recall').leftOut!;
    expect(line.error).toBeCloseTo(0, 12);
    expect(line.errorOfMean).toBeGreaterThan(0.1);
    // By hand: points (0, 0), (1, 1), (0, 1); without each, the line through the others gives 1, 0 and, at overlap 0, 0.
    const three = settingAgreement({ setting: 's', candidates: [candidate('a', 0, 0), candidate('b', 1, 1), candidate('c', 0, 1)] }, 'recall').leftOut!;
    expect(three.error).toBeCloseTo((1 + 0.5 + 1) / 3, 12);
    expect(three.errorOfMean).toBeCloseTo((1 + 0.5 + 0.5) / 3, 12);
  });

  it('chooses the kind of overlap for a setting by the other settings', () => {
    const byRecall = { candidates: [candidate('a', 0.9, 0.6, 0.1), candidate('b', 0.1, 0.2, 0.9)] };
    const byCosine = { candidates: [candidate('a', 0.1, 0.6, 0.9), candidate('b', 0.9, 0.2, 0.1)] };
    const { heldOut } = agreement([{ setting: 'x', ...byRecall }, { setting: 'y', ...byRecall }, { setting: 'z', ...byCosine }]);
    expect(heldOut).toEqual([
      // One of the two others speaks for each: recall, the paper's own, goes first.
      { setting: 'x', by: 'recall', alike: 1, lost: 0 },
      { setting: 'y', by: 'recall', alike: 1, lost: 0 },
      { setting: 'z', by: 'recall', alike: 0, lost: expect.closeTo(0.4, 12) },
    ]);
    expect(agreement([{ setting: 'x', ...byRecall }]).heldOut).toEqual([]);
    expect(agreement([{ setting: 'x', ...byCosine }, { setting: 'y', ...byCosine }]).heldOut.map(({ by }) => by)).toEqual(['cosine', 'cosine']);
  });

  it('is of all conditions but real data in a sweep, and stands in its report', () => {
    const results = fixtureResults({ conditions: ['real', 'high/high', 'symbolic'] });
    expect(Agreement.parse(results.advisor)).toEqual(results.advisor);
    expect(measuredSettings(results.settings)[0]!.candidates.map(({ name }) => name)).toEqual(['high/high', 'symbolic']);
    const [recall] = results.advisor.settings;
    expect(recall).toMatchObject({ setting: 'mdqa/tiny-llama', by: 'recall', candidates: 2, pairs: 1 });
    expect(agreementSentences(results.advisor)[0]).toMatch(/^Ranked by recall, \d(\.5)? of 1 pair of training data stand in the order of their F1/);
    expect(advisor(results.advisor)!.markup).toContain('High / High');
    expect(advisor(agreement([]))).toBeNull();
  });
});
