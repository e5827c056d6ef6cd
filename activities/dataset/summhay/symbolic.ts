/** Condition `symbolic`: lists of random strings (ten), of which exactly two hold the one asked for (section 3.2, Figure 5). */
import type { SeededRandom } from '#activities/random/seeded.ts';
import { SUPPORTING } from '#activities/source/index.ts';
import type { Draft, Piece } from '../draft.ts';
import { SymbolDraw } from '../symbols.ts';
import { citation, documentNumbers, type Haystack } from './numbers.ts';

/** Strings in each list, in the paper. */
export const LIST_LENGTH = 180;

export function symbolicDraft(random: SeededRandom, listLength: number, haystack: Haystack): Draft {
  const symbols = new SymbolDraw(random, 'capitals');
  const asked = symbols.next();
  const numbers = documentNumbers(random, haystack);
  const answer = citation(numbers.slice(0, SUPPORTING));
  return {
    question: asked,
    answer,
    answers: [answer],
    layout: 'numbered documents',
    required: numbers.map((number, at) => list(number, at < SUPPORTING ? random.shuffle([asked, ...symbols.take(listLength - 1)]) : symbols.take(listLength), asked)),
    filling: { by: 'nothing' },
    answerIn: 'numbers',
    answersOnlyInNeedles: false,
    verify: (prompt) => verifyLists(prompt, asked, answer),
  };
}

/** `{'SIWK', 'NGOW', …}`; the needle is the string asked for. */
function list(number: number, strings: readonly string[], asked: string): Piece {
  const text = `{${strings.map((string) => `'${string}'`).join(', ')}}`;
  const needle = `'${asked}'`;
  const start = text.indexOf(needle);
  return { text, number, ...(start >= 0 && { needles: [{ start, end: start + needle.length }] }) };
}

/** Reads the lists out of a prompt: null if exactly the cited ones hold the string asked for, and nothing else stands twice. */
export function verifyLists(prompt: string, asked: string, answer: string): string | null {
  const holders: number[] = [];
  const seen = new Set<string>();
  for (const [, number, strings] of prompt.matchAll(/^Document \[(\d+)\]: \{(.*)\}$/gm) as Iterable<[string, string, string]>) {
    for (const [, string] of strings.matchAll(/'([A-Z]{4})'/g) as Iterable<[string, string]>) {
      if (string === asked) holders.push(Number(number));
      else if (seen.has(string)) return `found '${string}' twice, allowed: once, since it is not the one asked for`;
      else seen.add(string);
    }
  }
  return citation(holders) === answer ? null : `'${asked}' stands in lists ${citation(holders)}, allowed: ${answer}`;
}
