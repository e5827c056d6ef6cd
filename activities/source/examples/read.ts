/** What a finished example says: where its needles stand, and of citation contexts, what documents there are. Pure. */
import type { GivenExample } from '#workflows/contracts/source.ts';
import { answerOccurrences, type TextRange } from '../answers.ts';

/** Where the needles stand in the context, in order of position. @throws RangeError naming the field */
export function givenNeedles({ context, needles, answer, answers = [answer] }: GivenExample): TextRange[] {
  const ranges = needles.map((needle, at): TextRange => {
    const start = context.indexOf(needle);
    if (start < 0) throw new RangeError(`needles[${at}]: found ${short(needle)}, allowed: a text that stands in context`);
    if (context.indexOf(needle, start + 1) >= 0) throw new RangeError(`needles[${at}]: found ${short(needle)} more than once in context, allowed: a text that stands there once`);
    return { start, end: start + needle.length };
  });
  const ordered = [...ranges].sort((a, b) => a.start - b.start);
  for (const [at, { start }] of ordered.entries()) if (at > 0 && start < ordered[at - 1]!.end) throw new RangeError(`needles: found two that overlap in context, allowed: needles apart from each other`);
  if (!answers.includes(answer)) throw new RangeError(`answers: found ${short(JSON.stringify(answers))}, allowed: answers that answer ("${answer}") is among`);
  return ordered;
}

/** The same of an example whose answer is copied from a needle. @throws RangeError naming the field */
export function givenStated(example: GivenExample): TextRange[] {
  const ranges = givenNeedles(example);
  const { context, answer } = example;
  if (!ranges.some(({ start, end }) => answerOccurrences(context.slice(start, end), [answer]).length > 0)) throw new RangeError(`answer: found "${answer}", allowed: an answer that stands in a needle`);
  return ranges;
}

export interface GivenDocument {
  number: number;
  text: string;
  needles: TextRange[];
}

/** The documents of a citation context, with the needles in each. @throws RangeError naming the field */
export function givenDocuments(example: GivenExample): GivenDocument[] {
  const { context, answer } = example;
  let start = 0;
  const documents = context.split('\n').map((line): GivenDocument => {
    const [head, number] = /^Document \[(\d+)\]: /.exec(line) ?? [];
    if (head === undefined) throw new RangeError(`context: found the line ${short(line)}, allowed: lines "Document [n]: …"`);
    const from = start + head.length;
    const to = start + line.length;
    start = to + 1;
    const inside = givenNeedles(example).filter((needle) => from <= needle.start && needle.end <= to);
    return { number: Number(number), text: line.slice(head.length), needles: inside.map((needle) => ({ start: needle.start - from, end: needle.end - from })) };
  });
  const numbers = documents.map(({ number }) => number);
  const twice = numbers.find((number, at) => numbers.indexOf(number) < at);
  if (twice !== undefined) throw new RangeError(`context: found document [${twice}] a second time, allowed: each number once`);
  if (documents.reduce((sum, { needles }) => sum + needles.length, 0) !== example.needles.length) throw new RangeError('needles: found one that lies in no document, or in several, allowed: needles that lie in the text of one document each');
  const cited = documents.flatMap(({ number, needles }) => (needles.length > 0 ? [number] : []));
  const found = /^(\[\d+\])+$/.test(answer) ? [...answer.matchAll(/\d+/g)].map(([digits]) => Number(digits)) : null;
  if (found === null || found.length !== cited.length || cited.some((number) => !found.includes(number))) throw new RangeError(`answer: found "${answer}", allowed: the numbers of the documents that hold needles (${cited.map((number) => `[${number}]`).join('')})`);
  return documents;
}

const short = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text);
