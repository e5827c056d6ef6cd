import type { SeededRandom } from '#activities/random/seeded.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';
const CHARACTERS = LETTERS + DIGITS;

/**
 * Draws 4-character symbols, none twice: first a letter (so that a tokenizer sees no number such as "19" at the start),
 * then letters and digits with at least one digit (so that no symbol is, or is part of, a word).
 */
export class SymbolDraw {
  readonly #random: SeededRandom;
  readonly #used = new Set<string>();

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  next(): string {
    for (;;) {
      const symbol = [LETTERS, CHARACTERS, CHARACTERS, CHARACTERS].map((from) => from.charAt(this.#random.int(from.length))).join('');
      if (!/\d/.test(symbol) || this.#used.has(symbol)) continue;
      this.#used.add(symbol);
      return symbol;
    }
  }
}
