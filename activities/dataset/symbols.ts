import type { SeededRandom } from '#activities/random/seeded.ts';
import { PROMPT_WORDS } from './layouts.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';
const ALPHANUMERIC = LETTERS + DIGITS;
/** No vowels: hardly an English word is without any, so that no symbol is taken for one. */
const CAPITALS = 'BCDFGHJKLMNPQRSTVWXZ';

/**
 * What symbols are made of.
 * `alphanumeric`: first a letter (so that a tokenizer sees no number such as "19" at the start), then letters and digits
 * with at least one digit (so that no symbol is, or is part of, a word).
 * `capitals`: four capital letters, as in Figure 5 of the paper, but no vowels and no word of the prompts.
 */
const ALPHABETS = {
  alphanumeric: { characters: [LETTERS, ALPHANUMERIC, ALPHANUMERIC, ALPHANUMERIC], allowed: (symbol: string) => /\d/.test(symbol) },
  capitals: { characters: [CAPITALS, CAPITALS, CAPITALS, CAPITALS], allowed: (symbol: string) => !PROMPT_WORDS.has(symbol) },
} as const;

/** Draws 4-character symbols, none twice. */
export class SymbolDraw {
  readonly #random: SeededRandom;
  readonly #alphabet: (typeof ALPHABETS)[keyof typeof ALPHABETS];
  readonly #used = new Set<string>();

  constructor(random: SeededRandom, alphabet: keyof typeof ALPHABETS = 'alphanumeric') {
    this.#random = random;
    this.#alphabet = ALPHABETS[alphabet];
  }

  next(): string {
    for (;;) {
      const symbol = this.#alphabet.characters.map((from) => from.charAt(this.#random.int(from.length))).join('');
      if (!this.#alphabet.allowed(symbol) || this.#used.has(symbol)) continue;
      this.#used.add(symbol);
      return symbol;
    }
  }

  /** So many symbols. */
  take(count: number): string[] {
    return Array.from({ length: count }, () => this.next());
  }
}
