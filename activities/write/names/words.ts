/** Texts as runs of words, the way names in them are compared: in any case, without accents, apostrophes and full stops. */

export interface Word {
  /** Half-open range in the text, in UTF-16 units. */
  start: number;
  end: number;
  /** As it is compared: "Beyoncé’s" is `beyonces`, "U.S." is `us`, "&" is `and`. */
  form: string;
  /** The same without a possessive s; a name may end there. */
  base: string;
  /** Where a name that ends with `base` ends. */
  baseEnd: number;
  /** Begins with a capital letter. */
  capital: boolean;
  /** Begins with a digit. */
  number: boolean;
  /** A comma, a quotation mark, a bracket or the end of a sentence stands before it: no name goes across. */
  apart: boolean;
  /** Begins a sentence: its capital says nothing. */
  opens: boolean;
}

/** Letters with full stops between (initials), words with apostrophes inside, "&", and the places of earlier answers (`#1`). */
const WORD = /#\d|(?:\p{L}\.){2,}(?:\p{L}(?![\p{L}\p{N}]))?|[\p{L}\p{N}\p{M}]+(?:['’][\p{L}]+)*|&/gu;
const POSSESSIVE = /['’]s$/i;
/** Behind these a full stop ends no sentence, and parts no name. */
const ABBREVIATION = /(?:^|[^\p{L}])(?:\p{Lu}|St|Mr|Mrs|Ms|Dr|Jr|Sr|vs|No|Vol|Lt|Col|Gen|Capt|Sgt|Rev)$/u;

export function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  let before = 0;
  for (const match of text.matchAll(WORD)) {
    const [raw] = match;
    const start = match.index;
    const between = text.slice(before, start);
    // Nearly all words stand behind a space: for these nothing is looked up.
    const spaced = between === ' ' && words.length > 0;
    const ends = !spaced && /[.!?;]/.test(between) && !(between.startsWith('.') && ABBREVIATION.test(text.slice(Math.max(0, before - 6), before)));
    const form = compared(raw, words.at(-1)?.form);
    const owned = form.length > 1 && form.length < raw.length && POSSESSIVE.test(raw);
    words.push({
      start,
      end: start + raw.length,
      form,
      base: owned ? form.slice(0, -1) : form,
      baseEnd: start + raw.length - (owned ? 2 : 0),
      capital: /^\p{Lu}/u.test(raw),
      number: /^\p{N}/u.test(raw),
      apart: !spaced && (words.length === 0 || ends || /[:,"“”()[\]/–—|]/.test(between)),
      opens: words.length === 0 || (ends && !between.includes('"')),
    });
    before = start + raw.length;
  }
  return words;
}

const GOVERNS_US: ReadonlySet<string> = new Set('for is are was keep keeps let lets give gives gave tell tells told show shows showed teach taught help helps make makes made like than of among upon'.split(' '));

function compared(raw: string, before: string | undefined): string {
  if (raw !== 'us' && /^[a-z0-9]+$/.test(raw)) return raw;
  if (raw === '&') return 'and';
  const lower = raw.toLowerCase().replace(/['’.]/g, '');
  // The country, where it is not the pronoun: questions in lower case say "us states" and "keep us alive".
  if (lower === 'us' && (/^U\.?S|^u\.s/.test(raw) || !(before !== undefined && GOVERNS_US.has(before)))) return 'u.s';
  // Only what is not ASCII can have accents.
  return /^[\x20-\x7e]*$/.test(lower) ? lower : lower.normalize('NFD').replace(/\p{M}/gu, '');
}

/** Words that join the parts of names ("Commission of Truth and Friendship") and may be in lower case there. */
export const JOINERS: ReadonlySet<string> = new Set('of the and a an in on for to at by with from de la le los las du da do dos des von van der el al y e'.split(' '));

/** Of these, those that may as well stand between two names: "Yoda in Star Wars". */
export const LOOSE_JOINERS: ReadonlySet<string> = new Set('and in on for to at by with from'.split(' '));

/** Words that are a name's only together with others. */
export const FUNCTION_WORDS: ReadonlySet<string> = new Set(
  `a an the it its he him she her they them his their this that these those there here in on at of for from to by with as and or but nor not no yes if than then so
  who whom whose what which why when where how is are was were be been being am do does did done have has had can could will would shall should may might must
  i me my we us our you your one two three four five six seven eight nine ten first second third last next some any all each every both many most much more few other another same such own
  about after again against before below above between down up during into off once only out over under until very too just now also however though although while since because through per via
  get got go goes went come comes came make makes made take takes took say says said name names called mean means meant let lets put please along without within among between mr mrs ms dr st saint`.split(/\s+/),
);
