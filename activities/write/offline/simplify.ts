/** Given sentences without their details (prompt A.6). */
import type { SeededRandom } from '#activities/random/seeded.ts';
import { sentencesOf } from '../sentences.ts';
import { asSentence, withoutEnd, wordsIn } from './clauses.ts';
import { pick } from './expand.ts';

/** Where details begin. */
const DETAIL = /^(?:which|because|while|although|including|such|by|with|despite|allowing|making|leading|resulting|due|as|after|before|when|through|so)$/;
/** Words that a sentence can do without. */
const SPARE = /\b(?:also|very|significantly|highly|particularly|especially|primarily|typically|generally|currently|notably|additionally|furthermore|however|even|quite|rather|overall|specifically|effectively|potentially|increasingly),? /gi;
const HANGING = /^(?:a|an|the|of|to|in|on|at|by|for|with|and|or|from|that|how|their|its|his|her|into|as|is|are|was|were|leading|such|including|due|more|\w+ing)$/;
const FEWEST_WORDS = 6;
/** A simplified sentence ends at one of so many places where a detail begins. */
const CUTS = 2;

/** The sentence up to a detail, one of the first in it, without what stands in brackets; at least six words of it. */
export function simplified(sentence: string, random: SeededRandom): string {
  const whole = sentencesOf(sentence)[0] as string;
  const bare = withoutEnd(whole).replace(/ ?\([^()]*\)/g, '').replace(/^(?:In|During|After|By|Since|Despite) [^,]{3,40}, /, '').replace(SPARE, '');
  const words = (wordsIn(bare) >= FEWEST_WORDS ? bare : withoutEnd(whole)).split(/\s+/);
  const cuts: number[] = [];
  for (let length = FEWEST_WORDS; length < words.length && cuts.length < CUTS; length += 1) {
    const [last, next] = [words[length - 1] as string, words[length] as string];
    if (/[,;:]$/.test(last) || DETAIL.test(next.replace(/[^\w]+$/, ''))) cuts.push(length);
  }
  const kept = words.slice(0, cuts.length === 0 ? words.length : pick(random, cuts));
  // Nothing that would go on.
  while (kept.length > FEWEST_WORDS && HANGING.test((kept.at(-1) as string).replace(/\W+$/, ''))) kept.pop();
  return asSentence(kept.join(' '));
}
