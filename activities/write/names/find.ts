/** The names that a question gives, in any case. */
import { endings, LONGEST_NAME, type NameEvidence, titleWords, type Uses } from './evidence.ts';
import { FUNCTION_WORDS, JOINERS, LOOSE_JOINERS, type Word } from './words.ts';

/** Words that a question may put into a title. */
const BETWEEN: ReadonlySet<string> = new Set([...JOINERS, ...'my your his her our their two'.split(' ')]);

/** Words `[from, to)` of a text. */
export interface WordRange {
  from: number;
  to: number;
}

interface Candidate extends WordRange {
  /** How often it was met as a name; of two of one length the one that was met more often is taken. */
  uses: number;
}

/** Share of a run's uses, among all texts, that must be written as a name. */
const NAMED_SHARE = 0.6;
const FEWEST_NAMED = 2;
/** How much oftener a part of a name is one by itself than it is a common word. */
const SELDOM = 3;
/** Numbers of so many digits behind a name belong to it ("super bowl 51", "iphone 5s"); years do not. */
const MOST_DIGITS = 3;
/** Capitalised, but values rather than names. */
export const DATES: ReadonlySet<string> = new Set('january february march april may june july august september october november december monday tuesday wednesday thursday friday saturday sunday'.split(' '));

/**
 * Ranges of names, in order, none within another: longer ones are taken before shorter ones, and of these the more frequent ones.
 * `own` is what the passages say that answer the question, `all` what all passages of its source say.
 */
export function namesFound(words: readonly Word[], titles: readonly string[], own: NameEvidence, all: NameEvidence): WordRange[] {
  const candidates: Candidate[] = titles.flatMap((title) => titleInOtherWords(words, titleWords(title).bare)).map((range) => ({ ...range, uses: 0 }));
  for (let from = 0; from < words.length; from += 1) {
    for (let to = from + 1; to <= Math.min(words.length, from + LONGEST_NAME); to += 1) {
      const [here, everywhere] = [own.uses(words, from, to), all.uses(words, from, to)];
      if (isName(words, { from, to }, here, everywhere)) candidates.push({ from, to, uses: here.titles + here.titled + everywhere.titles + everywhere.titled + everywhere.named });
    }
  }
  const ranges: WordRange[] = [];
  for (const { from, to } of candidates.sort((a, b) => b.to - b.from - (a.to - a.from) || b.uses - a.uses || a.from - b.from)) {
    // A question that is all name asks nothing.
    if (to - from === words.length && words.length > 1) continue;
    if (!ranges.some((taken) => overlap(taken, { from, to }))) ranges.push({ from, to });
  }
  return joined(words, ranges.sort((a, b) => a.from - b.from), all);
}

/**
 * A title that a question gives nearly: "outlaw of josey wales" of *The Outlaw Josey Wales*. All its words but function words
 * are the title's, in a row there; two of them at least, one besides the title's first written with a capital.
 */
function titleInOtherWords(words: readonly Word[], title: readonly Word[]): WordRange[] {
  const found: WordRange[] = [];
  for (let from = 0; from < words.length; from += 1) {
    let at = 0;
    let [to, shared, capitals] = [from, 0, 0];
    for (let next = from; next < words.length; next += 1) {
      const word = words[next] as Word;
      if (next > from && word.apart) break;
      const place = title.findIndex((other, index) => index >= at && endings(word).includes(other.form));
      const small = FUNCTION_WORDS.has(word.form);
      if (place < 0 && !(small && BETWEEN.has(word.form))) break;
      if (next === from && small) break;
      if (place < 0) continue;
      // What the title says between is not left out.
      if (shared > 0 && title.slice(at, place).some(({ form }) => !FUNCTION_WORDS.has(form))) break;
      at = place + 1;
      if (small) continue;
      // Words in lower case are no part of a name, the title's first aside.
      if (place > 0 && !(title[place] as Word).capital && !(title[place] as Word).number) break;
      shared += 1;
      capitals += place > 0 && (title[place] as Word).capital ? 1 : 0;
      to = next + 1;
    }
    if (shared < 2 || capitals < 1) continue;
    found.push({ from, to });
    from = to - 1;
  }
  return found;
}

function isName(words: readonly Word[], { from, to }: WordRange, own: Readonly<Uses>, all: Readonly<Uses>): boolean {
  const inside = words.slice(from, to);
  if (inside.some(({ form }) => form.startsWith('#'))) return false;
  const contents = inside.filter(({ form, number }) => !FUNCTION_WORDS.has(form) && !number && form.length > 1);
  return inside.length === 1 ? contents.length > 0 && wordNames(inside[0] as Word, own, all) : runNames(inside, contents.length, own, all);
}

/** One word: never written otherwise where its question is answered, and seldom elsewhere. */
function wordNames({ form }: Word, own: Readonly<Uses>, all: Readonly<Uses>): boolean {
  if (DATES.has(form)) return false;
  const seldomPlain = all.alone >= all.plain || all.plain === 0;
  if (own.titles > 0 && seldomPlain) return true;
  // A part of a name, such as "University", is none where it is a common word.
  if (own.named + own.titled > 0 && own.plain === 0 && seldomPlain && (own.alone > 0 || all.alone >= SELDOM * all.plain)) return true;
  if (all.alone + all.named < FEWEST_NAMED) return false;
  return all.alone > 0 ? all.alone >= NAMED_SHARE * (all.alone + all.plain) : all.plain === 0;
}

function runNames(inside: readonly Word[], contents: number, own: Readonly<Uses>, all: Readonly<Uses>): boolean {
  const titled = own.titles > 0;
  if (titled && (contents > 0 || inside.length > 2)) return true;
  if (inside.some(({ apart }, at) => at > 0 && apart)) return false;
  const ownNamed = own.named + own.titled;
  if (contents === 0 && ownNamed === 0) return false;
  const elsewhere = all.named + all.titled + all.titles;
  // "The World" is a name somewhere, but hardly here, and so are "What Kind" and "Right Now".
  if (contents === 1 && (elsewhere < all.plain || (!JOINERS.has((inside[0] as Word).form) && inside.some(({ form }) => FUNCTION_WORDS.has(form)) && (all.titles === 0 || all.plain > 0)))) return false;
  if (ownNamed > 0 ? ownNamed < own.plain : all.plain > 0 && (all.named < FEWEST_NAMED || all.named < NAMED_SHARE * (all.named + all.plain))) return false;
  if (ownNamed === 0 && all.named + all.titled < (inside.length > 2 && contents > 1 && all.plain === 0 ? 1 : FEWEST_NAMED)) return false;
  const [first, last] = [inside[0] as Word, inside.at(-1) as Word];
  if (inside.every(({ form, number }) => number || DATES.has(form)) || (inside.length === 2 && (DATES.has(first.form) || DATES.has(last.form)))) return false;
  // Two names, unless some title joins them: "Yoda in Star Wars", "Oakton's Mill".
  return own.titled + all.titled + all.titles > 0 || !inside.slice(0, -1).some(({ form, base }, at) => (at > 0 && LOOSE_JOINERS.has(form)) || base !== form);
}

/** Neighbours that never stand alone are one name ("doug peterson"), and so are a name and the number behind it. */
function joined(words: readonly Word[], ranges: readonly WordRange[], all: NameEvidence): WordRange[] {
  const kept: WordRange[] = [];
  for (const range of ranges) {
    const last = kept.at(-1);
    const [single, next] = [last && last.to - last.from === 1, range.to - range.from === 1];
    const dependent = (at: number) => 2 * all.uses(words, at, at + 1).alone < all.uses(words, at, at + 1).named;
    const whole = last && last.to === range.from && !(words[range.from] as Word).apart && (words[range.from - 1] as Word).baseEnd === (words[range.from - 1] as Word).end;
    if (whole && single && next && (dependent(last.from) || dependent(range.from))) last.to = range.to;
    else kept.push({ ...range });
  }
  for (const range of kept) {
    const behind = words[range.to];
    if (behind?.number && !behind.apart && behind.form.length <= MOST_DIGITS && !(words[range.to - 1] as Word).number && range.from > 0) range.to += 1;
  }
  return kept;
}

function overlap(one: WordRange, other: WordRange): boolean {
  return one.from < other.to && other.from < one.to;
}
