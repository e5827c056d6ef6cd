import { expect, test } from 'vitest';
import { seededRandom } from '#activities/random/seeded.ts';

test('the same parts give the same numbers, other parts give others', () => {
  const draws = (...parts: (string | number)[]) => {
    const random = seededRandom(...parts);
    return Array.from({ length: 8 }, () => random.int(1_000_000));
  };
  expect(draws('a', 1)).toEqual(draws('a', 1));
  expect(draws('a', 1)).not.toEqual(draws('a', 2));
  expect(draws('a', 1)).not.toEqual(draws('a1'));
  expect(draws('a', 1)).not.toEqual(draws('a', '1'));
});

test('the numbers stay what they are: artifacts depend on them', () => {
  // The same values come from a second implementation, in Python.
  const random = seededRandom('golden', 0);
  expect([random.int(100), random.int(100), random.int(100), random.int(100)]).toEqual([5, 10, 19, 71]);
  expect(random.shuffle(['a', 'b', 'c', 'd', 'e'])).toEqual(['e', 'd', 'b', 'a', 'c']);
});

test('floats lie in [0, 1) and are spread evenly', () => {
  const random = seededRandom('floats');
  const counts = Array.from({ length: 10 }, () => 0);
  for (let draw = 0; draw < 10_000; draw++) {
    const value = random.float();
    expect(value).toBeGreaterThanOrEqual(0);
    expect(value).toBeLessThan(1);
    counts[Math.floor(value * 10)]! += 1;
  }
  // Nine degrees of freedom: 27.9 is the 0.1 % point of chi-squared.
  expect(counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)).toBeLessThan(27.9);
});

test('a sample holds distinct items, a shuffle all of them, and the input is left alone', () => {
  const items = Object.freeze(Array.from({ length: 50 }, (_, at) => at));
  const random = seededRandom('sample');
  expect(new Set(random.sample(items, 20)).size).toBe(20);
  expect(random.shuffle(items).sort((a, b) => a - b)).toEqual(items);
  expect(random.sample(items, 0)).toEqual([]);
});

test('every order of three items is about equally likely', () => {
  const random = seededRandom('orders');
  const counts = new Map<string, number>();
  for (let draw = 0; draw < 6000; draw++) {
    const order = random.shuffle(['a', 'b', 'c']).join('');
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect(counts.size).toBe(6);
  // Five degrees of freedom: 20.5 is the 0.1 % point of chi-squared.
  expect([...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)).toBeLessThan(20.5);
});

test('impossible draws are refused', () => {
  const random = seededRandom('refused');
  expect(() => random.int(0)).toThrow(/found 0/);
  expect(() => random.int(1.5)).toThrow(/found 1.5/);
  expect(() => random.sample([1, 2], 3)).toThrow(/0\.\.2, found 3/);
  expect(() => seededRandom(Number.NaN)).toThrow(/finite/);
});
