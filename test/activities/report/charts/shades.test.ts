import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { differenceText, OVERLAP, overlapAt } from '#activities/report/charts/heatmap.ts';
import { differenceScale, highestScore, positive, scoreScale, shadeAt, widestDifference } from '#activities/report/charts/shades.ts';

const finite = { noNaN: true, noDefaultInfinity: true } as const;

describe('shades of scores', () => {
  test('zero has one of its own, and the least positive score has not', () => {
    const scale = scoreScale(0.6);
    expect(scale.shades[shadeAt(0, scale)]).toEqual({ colour: 'heat-0', name: '0' });
    expect(scale.shades[shadeAt(1e-300, scale)]).toEqual({ colour: 'heat-1', name: '> 0 to 0.10' });
    expect(scale.shades[shadeAt(0.6, scale)]).toEqual({ colour: 'heat-6', name: '0.50 to 0.60' });
    expect(scale.shades[shadeAt(0.3, scale)]!.colour).toBe('heat-4');
  });
  test('are named apart, however small the scores', () => {
    for (const highest of [1, 0.467, 0.03, 0.000_2]) {
      const names = scoreScale(highest).shades.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
    }
    expect(scoreScale(0.003).shades[1]!.name).toBe('> 0 to 0.0005');
  });
  test('a positive score never reads as zero', () => {
    expect([0, 0.004_9, 0.000_31, 0.005, 0.123].map(positive)).toEqual(['0.00', '0.005', '0.0003', '0.01', '0.12']);
  });
});

describe('shades of differences', () => {
  const scale = differenceScale(0.4);
  test('are as many above zero as below, with one for zero between them', () => {
    expect(scale.shades.map(({ colour }) => colour)).toEqual(['less-4', 'less-3', 'less-2', 'less-1', 'level', 'more-1', 'more-2', 'more-3', 'more-4']);
    expect(scale.shades.map(({ name }) => name)).toEqual(['−0.40 to −0.30', '−0.30 to −0.20', '−0.20 to −0.10', '−0.10 to < 0', '0', '> 0 to 0.10', '0.10 to 0.20', '0.20 to 0.30', '0.30 to 0.40']);
    expect([-0.4, -1e-9, -0, 0, 1e-9, 0.4].map((value) => scale.shades[shadeAt(value, scale)]!.colour)).toEqual(['less-4', 'less-1', 'level', 'level', 'more-1', 'more-4']);
  });
  test('follow the sign, and never fall as the difference grows', () => {
    fc.assert(
      fc.property(fc.double({ min: -0.4, max: 0.4, ...finite }), fc.double({ min: -0.4, max: 0.4, ...finite }), (one, other) => {
        expect(Math.sign(shadeAt(one, scale) - 4)).toBe(Math.sign(one) + 0);
        if (one <= other) expect(shadeAt(one, scale)).toBeLessThanOrEqual(shadeAt(other, scale));
      }),
    );
  });
  test('reach over any two of the models', () => {
    const [a, b, c] = [[[0, 0.5]], [[0.2, 0.1]], [[0.1, 0.9]]];
    expect(widestDifference([a!, b!, c!])).toBeCloseTo(0.8, 12);
    expect(highestScore([a!, b!, c!])).toBe(0.9);
    expect(widestDifference([])).toBe(0);
  });
  test('are told with both scores', () => {
    expect(differenceText(0.4, 0.28)).toBe('+0.12 (0.40 and 0.28)');
    expect(differenceText(0, 0.001)).toBe('−0.001 (0.00 and 0.001)');
    expect(differenceText(0, 0)).toBe('0.00 (0.00 and 0.00)');
  });
});

test('heads are of both models, of one, or of none', () => {
  expect([[0, 0], [0.1, 0], [0, 0.1], [0.1, 0.2]].map(([one, other]) => OVERLAP.shades[overlapAt(one!, other!)]!.name)).toEqual(['neither', 'the first only', 'the second only', 'both']);
});
