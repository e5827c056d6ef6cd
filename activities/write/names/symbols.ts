/** 4-character symbols in the place of names (low concept expression; paper, section 3.2). */
import { answerOccurrences, type TextRange } from '../../source/answers.ts';
import { type Word, wordsOf } from './words.ts';

/** By which a name is found again, in any case and punctuation. */
export function nameKey(words: readonly Word[]): string {
  return words.map(({ form, base }, at) => (at === words.length - 1 ? base : form)).join(' ');
}

/** Symbols of one question: each stands for one thing, and one thing has one symbol. */
export class Symbols {
  readonly #draw: () => string;
  /** By key without article: "the flash" is "flash". */
  readonly #names = new Map<string, string>();
  readonly #keys = new Set<string>();
  readonly #subjects = new Set<string>();
  /** Of texts that are replaced as they are written, in any case: answers. */
  readonly #verbatim = new Map<string, string>();

  /** @param draw gives symbols, none twice */
  constructor(draw: () => string) {
    this.#draw = draw;
  }

  /** One symbol for all forms of an answer; that of a form that has one already, else a new one. */
  ofForms(forms: readonly string[]): string {
    const known = forms.flatMap((form) => this.#verbatim.get(form) ?? this.#names.get(bare(nameKey(wordsOf(form)))) ?? []);
    const symbol = known[0] ?? this.#draw();
    for (const form of forms) if (!this.#verbatim.has(form)) this.#verbatim.set(form, symbol);
    for (const form of forms) {
      const key = bare(nameKey(wordsOf(form)));
      if (key !== '' && !this.#names.has(key)) this.#names.set(key, symbol);
    }
    return symbol;
  }

  /** The symbol of the subject of a triple: found as it is written, and as a name; no longer name swallows it, or its chain would begin elsewhere. */
  ofSubject(subject: string): string {
    const symbol = this.ofForms([subject]);
    this.#subjects.add(symbol);
    const key = nameKey(wordsOf(subject));
    if (key !== '') this.#keys.add(key);
    return symbol;
  }

  /** Those of the symbols that a written text has, each once, in order. */
  in(written: string): string[] {
    const all = [...new Set([...this.#names.values(), ...this.#verbatim.values()])];
    return all.filter((symbol) => written.includes(symbol)).sort((a, b) => written.indexOf(a) - written.indexOf(b));
  }

  /** The symbol of a name. */
  ofName(key: string): string {
    this.#keys.add(key);
    const name = bare(key);
    const symbol = this.#names.get(name) ?? this.#draw();
    this.#names.set(name, symbol);
    return symbol;
  }

  /** The text with each name and answer replaced by its symbol, subjects first and longer ones before shorter; all else is as it was. */
  write(text: string): string {
    let [written, at] = ['', 0];
    for (const { start, end, symbol } of this.#places(text)) {
      written += text.slice(at, start) + symbol;
      at = end;
    }
    return written + text.slice(at);
  }

  /** What is replaced in the text, as it stands there. */
  replacedIn(text: string): string[] {
    return this.#places(text).map(({ start, end }) => text.slice(start, end));
  }

  #places(text: string): (TextRange & { symbol: string })[] {
    const words = wordsOf(text);
    const found = [...this.#verbatim].flatMap(([form, symbol]) => answerOccurrences(text, [form]).map((range) => ({ ...range, symbol })));
    const longest = Math.max(0, ...[...this.#keys].map((key) => key.split(' ').length));
    for (const [from, { start }] of words.entries()) {
      for (let to = from + 1; to <= Math.min(words.length, from + longest); to += 1) {
        const last = words[to - 1] as Word;
        const before = words.slice(from, to - 1).map(({ form }) => `${form} `).join('');
        for (const [key, end] of [[before + last.form, last.end], [before + last.base, last.baseEnd]] as const) {
          if (this.#keys.has(key)) found.push({ start, end, symbol: this.#names.get(bare(key)) as string });
        }
      }
    }
    const kept: (TextRange & { symbol: string })[] = [];
    const rank = ({ symbol }: { symbol: string }) => (this.#subjects.has(symbol) ? 0 : 1);
    for (const place of found.sort((a, b) => rank(a) - rank(b) || b.end - b.start - (a.end - a.start) || a.start - b.start)) {
      if (!kept.some(({ start, end }) => place.start < end && start < place.end)) kept.push(place);
    }
    return kept.sort((a, b) => a.start - b.start);
  }
}

function bare(key: string): string {
  return key.replace(/^(?:the|a|an) (?=.)/, '');
}
