/** Sentences with choices in them: `{grew|throve} {slowly|} in $town` is one of four, with what `$town` stands for. */
import type { SeededRandom } from '#activities/random/seeded.ts';

export const pick = <T>(random: SeededRandom, items: readonly T[]): T => items[random.int(items.length)] as T;

/** Text, or a choice between several. */
type Part = string | readonly (readonly Part[])[];

/** Templates are taken apart once: there are a few hundred, and thousands of texts. */
const taken = new Map<string, readonly Part[]>();

/**
 * The template with each `{…|…}` (they may hold others) replaced by one of its parts, and each `$name` by what `named` gives;
 * double spaces that empty parts leave are single ones, and "a" before a vowel is "an". @throws Error where a brace is not closed
 */
export function expand(template: string, random: SeededRandom, named: (name: string) => string = (name) => `$${name}`): string {
  let parts = taken.get(template);
  if (parts === undefined) {
    parts = partsOf(template);
    taken.set(template, parts);
  }
  const tidy = chosen(parts, random).replace(/ {2,}/g, ' ').replace(/ ([,.;])/g, '$1').trim();
  return tidy.replace(/(\b[Aa] )?\$(\w+)/g, (_, article: string | undefined, name: string) => {
    const text = named(name);
    return article === undefined ? text : `${article.trim()}${/^[aeiou]/.test(text) ? 'n' : ''} ${text}`;
  });
}

function chosen(parts: readonly Part[], random: SeededRandom): string {
  return parts.map((part) => (typeof part === 'string' ? part : chosen(pick(random, part), random))).join('');
}

function partsOf(template: string): Part[] {
  const open = template.indexOf('{');
  if (open < 0) return [template];
  const choice: Part[][] = [];
  let [depth, from] = [0, open + 1];
  for (let at = open; at < template.length; at += 1) {
    const character = template[at];
    if (character === '{') depth += 1;
    if (depth === 1 && (character === '|' || character === '}')) {
      choice.push(partsOf(template.slice(from, at)));
      from = at + 1;
    }
    if (character === '}') depth -= 1;
    if (depth === 0) return [template.slice(0, open), choice, ...partsOf(template.slice(at + 1))];
  }
  throw new Error(`offline writer: a brace is not closed in "${template}"`);
}

/** With a capital at its start. */
export const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
