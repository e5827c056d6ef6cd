import { expect, test } from 'vitest';
import { count, difference, duration, list, parameters, plural, score, setting } from '#activities/report/format.ts';

test('numbers read the same everywhere', () => {
  expect([score(0.125), score(1), score(-0.031), score(-0.001), score(null)]).toEqual(['0.13', '1.00', '−0.03', '0.00', '–']);
  expect([difference(0.031), difference(-0.5), difference(0.001)]).toEqual(['+0.03', '−0.50', '0.00']);
  expect([count(0), count(999), count(1234567)]).toEqual(['0', '999', '1,234,567']);
  expect([duration(0.04), duration(9.96), duration(59.6), duration(125), duration(7300)]).toEqual(['0.0 s', '10 s', '1 min 0 s', '2 min 5 s', '2 h 1 min']);
  expect([parameters(887_808), parameters(8_030_000_000), parameters(500)]).toEqual(['0.89 million', '8.03 billion', '500']);
  expect([setting(0.0002), setting(0.03), setting(6_315_088), setting(0.1 * 100)]).toEqual(['2e−4', '0.03', '6,315,088', '10']);
  expect([list([]), list(['a']), list(['a', 'b']), list(['a', 'b', 'c'])]).toEqual(['', 'a', 'a and b', 'a, b and c']);
  expect([plural(1, 'head'), plural(2, 'head'), plural(0, 'cell')]).toEqual(['1 head', '2 heads', '0 cells']);
});
