import MiniSearch from 'minisearch';
import type { Passage } from '#workflows/contracts/source.ts';

/** Words of nearly every passage say nothing about any: Lucene's English stop words, and question words. */
const STOP_WORDS = new Set(
  (
    'a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to was will with ' +
    'did do does has have how what when where which who whom whose why'
  ).split(' '),
);

/** Finds the pool's passages that look most like a question, by BM25; the index is built once, at the first question. */
export class PassageRetriever {
  readonly passages: readonly Passage[];
  #index: MiniSearch | undefined;

  constructor(passages: readonly Passage[]) {
    this.passages = passages;
  }

  /** All passages, best first; those that share no word with the question come last, in the pool's order. */
  *ranked(question: string): Generator<Passage> {
    const found = new Set<number>();
    const hits = this.#built().search(question).map(({ id, score }) => ({ id: id as number, score }));
    for (const { id } of hits.sort((a, b) => b.score - a.score || a.id - b.id)) {
      found.add(id);
      yield this.passages[id] as Passage;
    }
    for (const [id, passage] of this.passages.entries()) if (!found.has(id)) yield passage;
  }

  #built(): MiniSearch {
    if (this.#index === undefined) {
      this.#index = new MiniSearch({
        fields: ['title', 'text'],
        processTerm: (word) => (STOP_WORDS.has(word.toLowerCase()) ? null : word.toLowerCase()),
      });
      this.#index.addAll(this.passages.map(({ title, text }, id) => ({ id, title, text })));
    }
    return this.#index;
  }
}
