/** Given statements broken up into sentences (prompt A.7). */
import type { SeededRandom } from '#activities/random/seeded.ts';
import { sentencesOf } from '../sentences.ts';
import { asSentence, lowered, reported, withoutEnd, wordsIn } from './clauses.ts';
import { pick } from './expand.ts';

/** A clause of fewer words, or without a word that says something, is no sentence: it belongs to the one before it. */
const FEWEST_CLAUSE_WORDS = 4;
const CONTENT = /\p{L}{4,}|\d/u;

/** How a clause that began with this goes on as a sentence of its own. */
const GOES_ON: Readonly<Record<string, readonly string[]>> = {
  which: ['This', 'That'], because: ['The reason is that', 'This is because'], while: ['At the same time,', 'Meanwhile,'], whereas: ['By contrast,', 'On the other hand,'],
  although: ['Yet', 'Even so,'], though: ['Yet', 'Even so,'], but: ['However,', 'Yet'], yet: ['However,', 'Even so,'], and: ['In addition,', 'Besides,', 'Also,'], including: ['Among these are', 'This includes'], 'such as': ['Examples are', 'Among these are'], 'for instance': ['One example is', 'An example is'],
  despite: ['This is despite', 'It holds despite'], so: ['As a result,', 'Therefore,'], 'due to': ['This is due to', 'The cause is'],
};
const HEADS = Object.keys(GOES_ON).join('|');
const PARTICIPLE = /^(?:\w+ly )?\w{3,}ing\b/;
const OF_A_PARTICIPLE = ['This means', 'It comes down to', 'What follows is'];
/** With these a subject begins, or a verb goes on: behind "and" and a comma, a clause and no list. */
const BEGINS = String.raw`(?:the|a|an|it|they|he|she|we|this|that|these|those|their|its|his|her|there|to|can|could|will|would|is|are|was|were|has|have|had|${HEADS}|(?:\w+ly )?\w{3,}ing)\s`;
/** Where clauses surely begin, and where they may. */
const SURE = new RegExp(String.raw`\s*;\s+|,\s+(?=${BEGINS})|\s+(?=(?:because|while|whereas|although|but|which|including|such as|for instance|due to)\s)|\s+(?=and\s+${BEGINS})`, 'g');
const PERHAPS = /,\s+|\s+(?=and\s)/g;
/** An opening phrase goes with what it opens. */
const OPENING = /^(?:in|on|by|to|as|after|before|because|when|while|although|though|if|since|during|put|simply|what|that|at|here|besides|moreover|likewise|for|with|despite|without)\b/i;

/** Fewer words are not cut. */
const FEWEST_TO_CUT = 9;
/** Behind "to", as far as can be told. */
const VERB = /^(?!the$|their|its$|his$|her$|this$|that$|these$|those$|all$|any$|more$|some$|both$)[a-z]{2,}$/;

/** Where a sentence without clauses is cut, and how it goes on there. */
const CUTS: Readonly<Record<string, readonly string[]>> = {
  that: ['It is one', 'This is one'], who: ['It is one', 'This is someone'], to: ['The point is', 'The aim is'], how: ['The question is', 'It shows'], in: ['This is', 'That is'], for: ['This is', 'It is'], with: ['This is', 'It is'],
  by: ['This is', 'It is done'], through: ['This is', 'It is done'], from: ['This is', 'It comes'], on: ['This is', 'That is'], at: ['This is', 'That is'], of: ['It is one', 'It is that'], into: ['It goes', 'This goes'], over: ['This is', 'It is'], as: ['This is', 'It is so'],
};

/** The statement's clauses as sentences; one that has no clauses is cut near the middle, so that there are two. */
export function brokenUp(text: string, random: SeededRandom): string[] {
  for (const borders of [SURE, PERHAPS]) {
    const sentences = sentencesOf(text).flatMap((sentence) => clausesOf(withoutEnd(sentence), borders).map((clause, at) => asSentence(at === 0 ? clause : goneOn(clause, random))));
    const distinct = [...new Set(sentences)];
    if (distinct.length > 1) return distinct;
  }
  return halves(withoutEnd(text), random);
}

/** Clauses that are long enough; shorter ones stay with what is before them, as it is written. */
function clausesOf(sentence: string, borders: RegExp): string[] {
  const starts = [0];
  for (const { index, 0: border } of sentence.matchAll(borders)) {
    const before = sentence.slice(0, index);
    const open = (before.match(/[([“]/g) ?? []).length - (before.match(/[)\]”]/g) ?? []).length;
    // Nothing is cut that belongs together in brackets or quotation marks.
    if (open > 0 || (before.match(/"/g) ?? []).length % 2 === 1) continue;
    const [clause, from] = [sentence.slice(starts.at(-1), index), index + border.length];
    // What stands before the main clause goes with it.
    const introduces = starts.length === 1 && border.startsWith(',') && [OPENING, PARTICIPLE].some((first) => first.test((clause.split(', ').at(-1) as string)));
    if (whole(clause) && whole(sentence.slice(from)) && !introduces) starts.push(from);
  }
  return starts.map((start, at) => sentence.slice(start, starts[at + 1]).trim());
}

const HEAD = new RegExp(`^(?:${HEADS})(?= )`);
const whole = (clause: string): boolean => wordsIn(clause) >= FEWEST_CLAUSE_WORDS && CONTENT.test(clause.replace(HEAD, ''));

function goneOn(clause: string, random: SeededRandom): string {
  const [head] = HEAD.exec(clause) ?? [];
  if (head !== undefined) return `${pick(random, GOES_ON[head] as readonly string[])} ${clause.slice(head.length).trim()}`;
  return PARTICIPLE.test(clause) ? `${pick(random, OF_A_PARTICIPLE)} ${clause}` : clause;
}

/** Two halves, the second from a joining word nearest to the middle on; a text of few words stays whole. */
function halves(text: string, random: SeededRandom): string[] {
  const words = text.split(/\s+/);
  if (words.length < FEWEST_TO_CUT) return [asSentence(text)];
  const [who, what] = reported(text) ?? [];
  if (who !== undefined && what !== undefined) return [asSentence(`${who} ${pick(random, ['the following', 'this much', 'one thing'])}`), asSentence(what)];
  const middle = words.length / 2;
  const cuts = words.flatMap((word, at) => (CUTS[word] && (word !== 'to' || VERB.test(words[at + 1] ?? '')) && whole(words.slice(0, at).join(' ')) && CONTENT.test(words.slice(at).join(' ')) ? [at] : []));
  const [cut] = cuts.sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle) || a - b);
  if (cut !== undefined) return [asSentence(words.slice(0, cut).join(' ')), asSentence(`${pick(random, CUTS[words[cut] as string] as readonly string[])} ${words.slice(cut).join(' ')}`)];
  const half = Math.ceil(middle);
  const [first, second] = pick(random, [['It begins with', 'It goes on with'], ['One part of it is', 'The other part is']] as const);
  return [asSentence(`${first} ${lowered(words.slice(0, half).join(' '))}`), asSentence(`${second} ${words.slice(half).join(' ')}`)];
}
