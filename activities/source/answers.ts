/** Where answers stand in texts. */
import { answerTokens } from '#activities/analysis/answers.ts';
import type { Passage } from '#workflows/contracts/source.ts';

/** Half-open range `[start, end)` of UTF-16 units in a text, as JavaScript strings count. */
export interface TextRange {
  start: number;
  end: number;
}

/** Text as SQuAD compares it: lower case, without ASCII punctuation and articles, single spaces. */
export function normalise(text: string): string {
  return answerTokens(text).join(' ');
}

/**
 * Every occurrence of one of `answers` in `text`: any case, any white space between words, and only as whole words
 * ("red" does not occur in "Sacred Mill"). In order; an occurrence inside a longer one is left out.
 */
export function answerOccurrences(text: string, answers: readonly string[]): TextRange[] {
  const found = answers
    .flatMap((answer) => occurrences(text, answer.trim()))
    .sort((a, b) => a.start - b.start || b.end - a.end);
  const kept: TextRange[] = [];
  for (const range of found) {
    const last = kept.at(-1);
    if (last === undefined || range.end > last.end) kept.push(range);
  }
  return kept;
}

/** The first of `answers` that `text` states: what a model can copy. */
export function firstStated(answers: readonly string[], text: string): string | undefined {
  return answers.find((answer) => answerOccurrences(text, [answer]).length > 0);
}

/**
 * Tells whether a passage contains one of the answers. Stricter than whole words: the normalised answer is looked for
 * anywhere in the normalised title and text (so that "20%" is also found in "2004"), for no distractor may hold an answer.
 */
export function answerFilter(answers: readonly string[]): (passage: Passage) => boolean {
  const normal = answers.map(normalise).filter((answer) => answer !== '');
  // An answer such as "A" normalises to nothing.
  const bare = answers.filter((answer) => normalise(answer) === '');
  return (passage) => {
    const text = normalisedPassage(passage);
    if (normal.some((answer) => text.includes(answer))) return true;
    return bare.length > 0 && answerOccurrences(`${passage.title}\n${passage.text}`, bare).length > 0;
  };
}

/** So many normalised texts are remembered at most, to keep memory flat. */
const REMEMBERED = 30_000;
const normalised = new Map<string, string>();

/** Remembered by its words, since the same passages are looked at for many questions, and in many examples. */
function normalisedPassage({ title, text }: Passage): string {
  const whole = `${title} ${text}`;
  let found = normalised.get(whole);
  if (found === undefined) {
    found = normalise(whole);
    if (normalised.size >= REMEMBERED) normalised.clear();
    normalised.set(whole, found);
  }
  return found;
}

const WORD_AT_START = /^[\p{L}\p{N}]/u;
const WORD_AT_END = /[\p{L}\p{N}]$/u;

/** Word borders are looked at here: inside a pattern that ignores case, V8 takes half a millisecond to compile them. */
function occurrences(text: string, answer: string): TextRange[] {
  const pattern = new RegExp(answer.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&').replace(/\s+/gu, '\\s+'), 'giu');
  const [wordFirst, wordLast] = [WORD_AT_START.test(answer), WORD_AT_END.test(answer)];
  const found: TextRange[] = [];
  for (let match = pattern.exec(text); match !== null && match[0] !== ''; match = pattern.exec(text)) {
    const start = match.index;
    const end = start + match[0].length;
    const cutsBefore = wordFirst && WORD_AT_END.test(text.slice(Math.max(0, start - 2), start));
    const cutsAfter = wordLast && WORD_AT_START.test(text.slice(end, end + 2));
    if (cutsBefore || cutsAfter) pattern.lastIndex = start + 1;
    else found.push({ start, end });
  }
  return found;
}
