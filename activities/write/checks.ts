/** What a written text must hold; each answers with the fault in words, or null. */
import { answerOccurrences } from '../source/answers.ts';
import type { Read } from './reply.ts';

/** `text` states every one of `names`. */
export function without(text: string, names: readonly string[], kind: string): string | null {
  return names.every((name) => answerOccurrences(text, [name]).length > 0) ? null : `without ${kind}`;
}

/** `text` states none of `names`. */
export function naming(text: string, names: readonly string[], kind: string): string | null {
  return names.length > 0 && answerOccurrences(text, names).length > 0 ? `names ${kind}` : null;
}

export function words(text: string): number {
  return text.split(/\s+/).filter((word) => word !== '').length;
}

/** Between `fewest` and `most` words. */
export function length(text: string, fewest: number, most: number): string | null {
  const count = words(text);
  return count < fewest ? 'too short' : count > most ? 'too long' : null;
}

/** What was read, or the first fault that a check finds. */
export function checked<T>(read: Read<T>, ...checks: ((value: T) => string | null)[]): Read<T> {
  if ('fault' in read) return read;
  for (const check of checks) {
    const fault = check(read.value);
    if (fault !== null) return { fault };
  }
  return read;
}

/** Share of the content words of `of` (four letters or more, or numbers) that `text` has, too; 1 where there are none. */
export function sharedWords(text: string, of: string): number {
  const contents = (from: string) => new Set((from.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).filter((word) => word.length > 3 || /\d/.test(word)).map((word) => (word.length > 5 ? word.slice(0, 5) : word)));
  const [own, wanted] = [contents(text), contents(of)];
  return wanted.size === 0 ? 1 : [...wanted].filter((word) => own.has(word)).length / wanted.size;
}
