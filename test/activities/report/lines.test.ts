import { expect, test } from 'vitest';
import { linesOf } from '#activities/report/lines.ts';

test('lines end at line feeds alone; empty ones are none, and the last one needs no end', () => {
  const of = (text: string) => [...linesOf(Buffer.from(text))];
  expect(of('{"a":1}\n\n{"b":"née 🐝\u2028"}')).toEqual(['{"a":1}', '{"b":"née 🐝\u2028"}']);
  expect(of('one\ntwo\n')).toEqual(['one', 'two']);
  expect(of('\n')).toEqual([]);
  expect(of('')).toEqual([]);
});
