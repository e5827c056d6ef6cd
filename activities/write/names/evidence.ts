/** How texts write the words of questions: with the capitals of a name, or not. Natural Questions are in lower case, so only this tells. */
import type { Passage } from '#workflows/contracts/source.ts';
import { FUNCTION_WORDS, JOINERS, LOOSE_JOINERS, type Word, wordsOf } from './words.ts';

/** Words of the longest name looked for. */
export const LONGEST_NAME = 10;

/** How often a run of words was met. */
export interface Uses {
  /** Written as a name, in the middle of a sentence: all its words but joining ones have capitals. */
  named: number;
  /** Of these, names of their own, not parts of longer ones. */
  alone: number;
  /** Written otherwise. */
  plain: number;
  /** Whole titles of passages, in any case, with or without an article. */
  titles: number;
  /** Parts of titles written as names, joining words among them. */
  titled: number;
}

export const UNUSED: Readonly<Uses> = Object.freeze({ named: 0, alone: 0, plain: 0, titles: 0, titled: 0 });

interface Node extends Uses {
  next: Map<string, Node> | null;
}

const node = (): Node => ({ next: null, named: 0, alone: 0, plain: 0, titles: 0, titled: 0 });

/** Counts uses of all runs of words that some texts have; in memory are those runs only, however much is read. */
export class NameEvidence {
  readonly #root = node();

  /** @param asked the texts whose words are looked for, in words */
  constructor(asked: Iterable<readonly Word[]>) {
    for (const words of asked) for (let from = 0; from < words.length; from += 1) this.#learn(words, from);
  }

  #learn(words: readonly Word[], from: number): void {
    let at = this.#root;
    for (let to = from; to < Math.min(words.length, from + LONGEST_NAME); to += 1) {
      const word = words[to] as Word;
      at.next ??= new Map();
      for (const form of endings(word)) if (!at.next.has(form)) at.next.set(form, node());
      at = at.next.get(word.form) as Node;
    }
  }

  /** Counts a passage: its title, and its text. */
  add({ title, text }: Passage): void {
    const { bare, remark } = titleWords(title);
    this.#count(bare, 'titled');
    this.#count(remark, 'titled', true);
    this.#count(wordsOf(text), 'named');
    for (const whole of [bare, bare.slice(1)]) {
      if (whole.length === 0 || (whole !== bare && !ARTICLES.has((bare[0] as Word).form))) continue;
      const found = this.#at(whole.slice(0, -1).map(({ form }) => form))?.next?.get((whole.at(-1) as Word).form);
      if (found) found.titles += 1;
    }
  }

  /** Counts the capitals of a question that has some; that it is in lower case says nothing. */
  addNamed(words: readonly Word[]): void {
    this.#count(words, 'named', true);
  }

  /** How the words `[from, to)` are used, their last one as it is, or without the ending of a possessive or a plural. */
  uses(words: readonly Word[], from: number, to: number): Readonly<Uses> {
    const before = this.#at(words.slice(from, to - 1).map(({ form }) => form));
    if (before === undefined) return UNUSED;
    let best: Readonly<Uses> = UNUSED;
    for (const form of endings(words[to - 1] as Word)) {
      const found = before.next?.get(form);
      if (found && (best === UNUSED || weight(found) > 2 * weight(best))) best = found;
    }
    return best;
  }

  #at(forms: readonly string[]): Node | undefined {
    let at: Node | undefined = this.#root;
    for (const form of forms) at = at?.next?.get(form);
    return at;
  }

  #count(words: readonly Word[], as: 'named' | 'titled', capitalsOnly = false): void {
    for (const [from, first] of words.entries()) {
      let at: Node | undefined = this.#root;
      // A word that begins a sentence has a capital whatever it is.
      let evident = false;
      let plain = !(first.capital || first.number);
      for (let to = from; to < words.length; to += 1) {
        const word = words[to] as Word;
        if (to > from && word.apart) break;
        if (word.capital && !word.opens) evident = true;
        const joins = JOINERS.has(word.form) && !word.capital;
        if (!joins && !word.capital && !word.number) plain = true;
        const before: Node = at;
        const ends = [before.next?.get(word.form), word.base === word.form ? undefined : before.next?.get(word.base)];
        for (const found of ends) {
          if (found === undefined) continue;
          if (plain || joins) found.plain += capitalsOnly ? 0 : 1;
          else if (evident && !(as === 'named' && first.opens && to > from && opensOnly(first, words[from + 1] as Word))) {
            found[as] += 1;
            if (from === to && !continues(words, from)) found.alone += 1;
          }
        }
        at = ends[0];
        if (at === undefined) break;
      }
    }
  }
}

/** The words of a title, and those of the remark behind it: "Flight (Grey's Anatomy)", "Twilight (2008 film)". Punctuation parts none. */
export function titleWords(title: string): { bare: Word[]; remark: Word[] } {
  const [, remark = ''] = /\(([^()]*)\)\s*$/.exec(title) ?? [];
  const whole = (text: string) => wordsOf(text).map((word) => ({ ...word, apart: false }));
  return { bare: whole(title.slice(0, title.length - (remark === '' ? 0 : title.length - title.lastIndexOf('(')))), remark: whole(remark) };
}

const ARTICLES = new Set(['the', 'a', 'an']);

/** Whether a first word has its capital of the sentence, as far as one can tell: "Where England …", "Born in Paris …". */
function opensOnly(first: Word, second: Word): boolean {
  return FUNCTION_WORDS.has(first.form) || LOOSE_JOINERS.has(second.form);
}

/** Whether the word at `at` is part of a longer name. */
function continues(words: readonly Word[], at: number): boolean {
  const [word, before, after] = [words[at] as Word, words[at - 1], words[at + 1]];
  return (before !== undefined && !word.apart && before.capital) || (after !== undefined && !after.apart && (after.capital || after.number));
}

/** A word at the end of a name: as it is, without a possessive s, and without a plural s. */
export function endings({ form, base }: Word): string[] {
  const forms = [form, base];
  if (base.length > 3 && /[^s]s$/.test(base)) forms.push(base.slice(0, -1));
  return [...new Set(forms)];
}

function weight({ named, plain, titles, titled }: Uses): number {
  return named + plain + titles + titled;
}
