/** From the world's spaced lower-case wordings to sentences as people write them. */

export function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/**
 * A wording as a sentence: "it was {y} who first founded the {x} ." gives "It was Anna Reed who first founded the Amber
 * Mill." Names go in as they are; a name at the start of a sentence is not capitalised, since a symbol must stay as it is.
 */
export function sentence(wording: string, names: { x?: string; y?: string } = {}): string {
  const cased = wording.startsWith('{') ? wording : capitalise(wording);
  return cased.replace(/\{([xy])\}/g, (slot, name: 'x' | 'y') => names[name] ?? slot).replace(/ ([.,?!])/g, '$1');
}

/** The wording with "it" for the subject: "it was founded by {y} .". */
export function withPronoun(wording: string): string {
  return wording.replaceAll('the {x}', 'it');
}

/** The wording for symbols, which take no article: "{x} was founded by {y} .", "{x} is run by {y} .". */
export function withoutArticle(wording: string): string {
  return wording.replace(/the (\{[xy]\})/g, '$1');
}

/** Wordings in which `value` sounds right: none that would say "a orange". */
export function fittingWordings(wordings: readonly string[], value: string): readonly string[] {
  const fitting = /^[aeiou]/.test(value) ? wordings.filter((wording) => !wording.includes(' a {y}')) : wordings;
  return fitting.length > 0 ? fitting : wordings;
}

/** Sentences of an authored text; full stops stand nowhere else in it. */
export function sentencesOf(text: string): { start: number; end: number }[] {
  return [...text.matchAll(/[^.?!\s][^.?!]*[.?!]/g)].map((match) => ({ start: match.index, end: match.index + match[0].length }));
}
