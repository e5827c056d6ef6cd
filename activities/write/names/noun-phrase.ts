/** What a question that gives no name is about: "optic nerve" of "where does the optic nerve cross the midline". */
import nlp from 'compromise/two';
import { DATES, type WordRange } from './find.ts';
import { endings, type NameEvidence, titleWords } from './evidence.ts';
import { FUNCTION_WORDS, type Word } from './words.ts';

/** What compromise tags the words of a noun phrase with. */
const PARTS: readonly string[] = ['Noun', 'Adjective', 'Value', 'Gerund', 'Participle'];
/** Nouns that say what is asked for, not about what. */
const GENERIC: ReadonlySet<string> = new Set(
  `type types kind kinds sort name names number numbers amount part parts place places time times year years date day days month months week people person man men woman women guy guys girl boy lady thing things way ways
  word words term terms example examples meaning definition purpose reason reasons role function process member members list group set result case form area state country city town world
  movie film song show book series season episode episodes character characters something anything everything someone anyone actor actress singer music video game games team teams player players job age size length color colour title difference`.split(/\s+/),
);
const QUESTION_WORD: ReadonlySet<string> = new Set('what which whose how many much'.split(' '));

/**
 * The most specific noun phrase: the one that shares most words with the title of the passage that answers the question; of
 * those that share as many, the one whose rarest word is rarest in `all`, then the longer, then the earlier. Null where
 * there is none that says more than what kind of thing is asked for.
 */
export function nounPhrase(question: string, words: readonly Word[], title: string, all: NameEvidence): WordRange | null {
  const titled = new Set([...titleWords(title).bare, ...titleWords(title).remark].flatMap((word) => endings(word).map(stem)));
  const phrases = phrasesOf(question, words)
    .map((range) => {
      const contents = words.slice(range.from, range.to).filter(({ form, number }) => !number && !FUNCTION_WORDS.has(form) && !GENERIC.has(form) && !DATES.has(form));
      const asked = range.from > 0 && QUESTION_WORD.has((words[range.from - 1] as Word).form) ? 1 : 0;
      const shared = contents.filter((word) => endings(word).some((form) => titled.has(stem(form)))).length;
      return { range, contents: contents.length, asked, shared, rarity: Math.min(...contents.map((word) => frequency(word, all))) };
    })
    .filter(({ range, contents }) => contents > 0 && range.to - range.from < words.length);
  phrases.sort((a, b) => b.shared - a.shared || a.asked - b.asked || a.rarity - b.rarity || b.contents - a.contents || a.range.from - b.range.from);
  return phrases[0]?.range ?? null;
}

/** Runs of adjectives, numbers and nouns that end in a noun, without determiners and question words before them. */
function phrasesOf(question: string, words: readonly Word[]): WordRange[] {
  const tags = tagsOf(question, words);
  const phrases: WordRange[] = [];
  for (let from = 0; from < words.length; from += 1) {
    let [to, nouns] = [from, 0];
    while (to < words.length && inPhrase(words[to] as Word, tags[to] as Set<string>) && (to === from || !(words[to] as Word).apart)) {
      if ((tags[to] as Set<string>).has('Noun')) nouns += 1;
      to += 1;
    }
    const end = to;
    while (to > from && !(tags[to - 1] as Set<string>).has('Noun')) to -= 1;
    let start = from;
    // "using scientific methods", "the term robot": only what is used, or termed.
    while (start < to - 1 && (!(tags[start] as Set<string>).has('Noun') && (tags[start] as Set<string>).has('Verb') || GENERIC.has((words[start] as Word).form)) && (words[to - 1] as Word).form.length > 1) start += 1;
    if (nouns > 0 && to > start) phrases.push({ from: start, to });
    from = Math.max(from, end);
  }
  return phrases;
}

function inPhrase({ form }: Word, tags: ReadonlySet<string>): boolean {
  return !FUNCTION_WORDS.has(form) && !tags.has('Pronoun') && !tags.has('Determiner') && PARTS.some((tag) => tags.has(tag));
}

/** The tags of each word, which compromise may have in several parts. */
function tagsOf(question: string, words: readonly Word[]): Set<string>[] {
  const tags = words.map(() => new Set<string>());
  const sentences = nlp(question).json({ offset: true }) as { terms: { tags: string[]; offset: { start: number; length: number } }[] }[];
  for (const { terms } of sentences) {
    for (const { tags: found, offset } of terms) {
      for (const [at, { start, end }] of words.entries()) if (start < offset.start + offset.length && offset.start < end) for (const tag of found) tags[at]?.add(tag);
    }
  }
  return tags;
}

function frequency(word: Word, all: NameEvidence): number {
  const { named, plain, titled } = all.uses([word], 0, 1);
  return named + plain + titled;
}

/** Words that begin alike are taken for one: "relative" and "relativity". */
function stem(form: string): string {
  return form.length > 5 ? form.slice(0, 5) : form;
}
