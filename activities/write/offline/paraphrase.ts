/** Given texts in other words (prompt A.5): clauses in another order, other function words; names and numbers stay. */
import type { SeededRandom } from '#activities/random/seeded.ts';
import { sentencesOf } from '../sentences.ts';
import { asSentence, lowered, reordered, withoutEnd } from './clauses.ts';
import { pick } from './expand.ts';
import synonyms from './synonyms.json' with { type: 'json' };

const OPENINGS = ['In other words, ', 'Put differently, ', 'To say it another way, ', 'That is to say, ', 'As it is often told, ', 'Simply put, ', 'By most accounts, ', 'In short, ', 'As far as is known, ', 'To begin with, ', 'On this point, ', 'As records have it, '];
/** These go with a whole sentence only. */
const REPORTS = ['It is reported that ', 'It can be said that ', 'What is known is that ', 'Sources agree that ', 'There is agreement that ', 'One reads that '];
/** Between sentences; few of them, or it would be told what is meant to be read. */
const LINKS = ['Moreover, ', 'Besides, ', 'At that, ', 'What is more, ', 'As it happens, ', 'Here, too, ', 'In fact, ', 'Likewise, '];
const LINKED = 6;

/** The text sentence by sentence, as a whole of about the same length. */
export function paraphrased(text: string, random: SeededRandom): string {
  const sentences = sentencesOf(text);
  return sentences.map((sentence, at) => reworded(sentence, at === 0, random)).join(' ');
}

function reworded(sentence: string, first: boolean, random: SeededRandom): string {
  // Questions and exclamations, and what is no sentence, keep their order.
  if (/[?!]["”')\]]*$|\.["”')\]]+$/.test(sentence)) return first ? pick(random, OPENINGS) + lowered(otherWords(sentence, random)) : otherWords(sentence, random);
  const plain = withoutEnd(sentence);
  const moved = reordered(plain);
  const other = otherWords(moved ?? lowered(plain), random);
  if (first && (moved === null || random.int(2) === 0)) return asSentence(pick(random, moved === null ? [...OPENINGS, ...REPORTS] : OPENINGS) + other);
  return asSentence(!first && random.int(LINKED) === 0 ? pick(random, LINKS) + other : other);
}

const KNOWN: Readonly<Record<string, readonly string[]>> = synonyms;
/** Longer ones first; "how many" is not "how numerous". */
const WORDS = new RegExp(String.raw`(?<![\p{L}\p{N}'’-])(?<!\b(?:how|so|as|too|very|not) )(?:${Object.keys(KNOWN).sort((a, b) => b.length - a.length).join('|')})(?![\p{L}\p{N}'’-])`, 'gu');

/** Other words for words in lower case, where there are such that can stand for them almost anywhere; in quotations none. */
function otherWords(text: string, random: SeededRandom): string {
  return text
    .split(/("[^"]*"|“[^”]*”)/)
    .map((part, at) => (at % 2 === 1 ? part : part.replace(WORDS, (word) => (random.int(4) > 0 ? pick(random, KNOWN[word] as readonly string[]) : word))))
    .join('');
}
