import { describe, expect, it } from 'vitest';
import { siblingChecks } from '#activities/analysis/siblings.ts';
import type { Pairing } from '#workflows/contracts/dataset.ts';
import type { Condition } from '#workflows/contracts/experiment.ts';

const rows = (what: string, padding: number, ids = ['a', 'b', 'c']): Pairing[] => ids.map((id) => ({ id, question: `${what} ${id}`, needles: `${what} needles ${id}`, padding }));
const check = (all: Partial<Record<Condition, Pairing[]>>, task: 'mdqa' | 'musique' = 'musique') => siblingChecks(task, new Map(Object.entries(all) as [Condition, Pairing[]][]));

describe('sibling conditions', () => {
  it('hold where only the intended dimension differs', () => {
    const found = check({ 'high/high': rows('real', 0), 'high/low': rows('real', 1), 'low/high': rows('symbols', 0), 'low/low': rows('symbols', 0.95) });
    expect(found.map(({ conditions, dimension, holds }) => [conditions.join(' '), dimension, holds])).toEqual([
      ['high/high high/low', 'diversity', true],
      ['low/high low/low', 'diversity', true],
      ['high/high low/high', 'expression', true],
      ['high/low low/low', 'expression', true],
    ]);
    expect(found[0]).toMatchObject({ shared: 3, alone: [0, 0], sameQuestion: 3, sameNeedles: 3, padding: [0, 1], exception: null });
  });

  it('do not hold where needles differ with the haystack, or the haystack with the needles', () => {
    const other = rows('real', 1).map((row, at) => (at === 1 ? { ...row, needles: 'else' } : row));
    expect(check({ 'high/high': rows('real', 0), 'high/low': other })[0]).toMatchObject({ holds: false, sameNeedles: 2 });
    expect(check({ 'high/high': rows('real', 0), 'high/low': rows('real', 0.2) })[0]!.holds).toBe(false);
    expect(check({ 'high/high': rows('real', 0), 'low/high': rows('symbols', 0.4) })[0]!.holds).toBe(false);
    expect(check({ 'high/high': rows('real', 0), 'low/high': rows('real', 0) })[0]!.holds).toBe(false);
  });

  it('are compared over the rows that both have; without any, nothing holds', () => {
    expect(check({ 'high/high': rows('real', 0), 'high/low': rows('real', 1, ['b', 'c', 'd', 'e']) })[0]).toMatchObject({ shared: 2, alone: [1, 2], holds: false });
    const many = (padding: number, from: number) => rows('real', padding, Array.from({ length: 100 }, (_, at) => String(from + at)));
    expect(check({ 'high/high': many(0, 0), 'high/low': many(1, 3) })[0]).toMatchObject({ shared: 97, alone: [3, 3], holds: true });
    expect(check({ 'high/high': many(0, 0), 'high/low': many(1, 9) })[0]).toMatchObject({ shared: 91, holds: false });
    expect(check({ 'high/high': rows('real', 0), 'high/low': rows('real', 1, ['x']) })[0]).toMatchObject({ shared: 0, holds: false });
    expect(check({ real: rows('real', 0), 'high/low': rows('real', 1) })).toEqual([]);
  });

  it('of MDQA under low expression may have questions of their own', () => {
    const made = { 'low/high': rows('made up', 0), 'low/low': rows('symbols', 1) };
    expect(check(made, 'mdqa')[0]).toMatchObject({ holds: true, exception: expect.stringContaining('A.2') });
    expect(check(made)[0]!.holds).toBe(false);
  });
});
