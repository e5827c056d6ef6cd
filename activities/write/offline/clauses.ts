/** Where sentences can be taken apart: subordinate clauses and adverbials that stand before or behind a main clause. */
import { FUNCTION_WORDS } from '../names/words.ts';
import { capitalised } from './expand.ts';

export const wordsIn = (text: string): number => text.split(/\s+/).filter((word) => word !== '').length;
export const withoutEnd = (sentence: string): string => sentence.trim().replace(/[.?!\s]+$/, '');
export const asSentence = (text: string): string => capitalised(`${withoutEnd(text).replace(/^[\s,;:–—-]+/, '').replace(/[\s,;:–—-]+$/, '')}.`);

/** Lower case for a word that has its capital of the sentence only: names keep theirs. */
export function lowered(text: string): string {
  const [first = ''] = text.split(/[\s,]/);
  return FUNCTION_WORDS.has(first.toLowerCase()) && first !== 'I' ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}

/** Words that begin a clause which may stand before or behind what it explains. */
const SUBORDINATE = 'because|although|though|while|whereas|when|after|before|if|unless|once|since';
const BEHIND = new RegExp(`^(.{15,}?),? (${SUBORDINATE}) ([^,;:]{12,})$`);
const BEFORE = new RegExp(`^(${SUBORDINATE}) ([^,;:]{8,}), (.{12,})$`, 'i');
/** "In 1998, the company moved", "During the winter, it grew". */
const ADVERBIAL = /^((?:in|on|at|during|after|before|by|from|since|until|throughout|following|despite|for) [^,;:]{2,40}), ([^,;]{12,})$/i;
const ADVERBIAL_BEHIND = /^((?:The|A|An|It|He|She|They|This|These) [^,;:]{15,}?) ((?:in|on|at|during|after|before|by|since|until) (?:the |\w+ )?\d[^,;:()]{2,20})$/;

/** "…, moving beyond it", "… by asking more": how or to what end, which may stand first. */
const PARTICIPLE = /^([^,;:]{20,}), ((?:\w+ly )?\w{3,}ing [^,;:]{8,})$/;
const MEANS = /^([^,;:]{20,}) ((?:by|without|instead of|in order to|so as to|due to|because of|thanks to|despite) [^,;:]{8,})$/;
/** "The doctor explains that …": what is said may stand before who says it. */
const REPORTED = /^((?:The|A|An|One|Some|Another|He|She|They) [^,;:]{2,40}?\b(?:mentions?|explains?|highlights?|states?|reports?|notes?|says?|suggests?|emphasizes?|reveals?|claims?|argues?|adds?|stresses?|shares?|observes?|confirms?)) that (.{15,})$/;

/** Who says something, and what: "The doctor explains", "rest helps". Null where a sentence reports nothing. */
export function reported(sentence: string): [string, string] | null {
  const [, who, what] = REPORTED.exec(sentence) ?? [];
  return who === undefined || what === undefined ? null : [who, what];
}

/**
 * The sentence (without its full stop) with a clause or an adverbial moved to its other end, as it goes on behind an opening:
 * with no capital at its start but that of a name. Null where nothing can be moved.
 */
export function reordered(sentence: string): string | null {
  if (/["“”()[\]]/.test(sentence)) return null;
  const before = BEFORE.exec(sentence);
  // A comma in what follows may be one of a list, to which the clause would then seem to belong.
  if (before && !(before[3] as string).includes(',')) return `${before[3]} ${(before[1] as string).toLowerCase()} ${before[2]}`;
  const adverbial = ADVERBIAL.exec(sentence);
  if (adverbial) return `${adverbial[2]} ${lowered(adverbial[1] as string)}`;
  const [who, what] = reported(sentence) ?? [];
  if (who !== undefined && what !== undefined && !what.includes(',')) return `${what}, as ${lowered(who)}`;
  const means = PARTICIPLE.exec(sentence) ?? MEANS.exec(sentence);
  if (means) return `${means[2]}, ${lowered(means[1] as string)}`;
  const behind = BEHIND.exec(sentence);
  if (behind && !(behind[1] as string).includes(',')) return `${behind[2]} ${behind[3]}, ${lowered(behind[1] as string)}`;
  const dated = ADVERBIAL_BEHIND.exec(sentence);
  return dated && `${dated[2]}, ${lowered(dated[1] as string)}`;
}
