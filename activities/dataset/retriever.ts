import MiniSearch from 'minisearch';
import { type Ranking, readRanking } from '#activities/rank/ranking.ts';
import { readPool } from '#activities/source/index.ts';
import type { Passage } from '#workflows/contracts/source.ts';
import { DatasetError } from './errors.ts';

/** Words of nearly every passage say nothing about any: Lucene's English stop words, and question words. */
const STOP_WORDS = new Set(
  (
    'a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to was will with ' +
    'did do does has have how what when where which who whom whose why'
  ).split(' '),
);

/** The retriever over a source's pool: by a rank artifact where one was made, else by BM25. @throws SourceError for a malformed file */
export async function openRetriever(sourceDir: string, rankingDir: string | undefined): Promise<PassageRetriever> {
  return new PassageRetriever(await readPool(sourceDir), rankingDir === undefined ? null : await readRanking(rankingDir));
}

/**
 * Finds the pool's passages that are most like a question: by a ranking made before, where there is one, and behind its
 * passages by BM25. The index of BM25 is built once, when it is first needed.
 */
export class PassageRetriever {
  readonly passages: readonly Passage[];
  readonly #ranking: Ranking | null;
  #index: MiniSearch | undefined;

  constructor(passages: readonly Passage[], ranking: Ranking | null = null) {
    this.passages = passages;
    this.#ranking = ranking;
  }

  /**
   * All passages, each once, best first; those that neither were ranked nor share a word with the question come last, in the
   * pool's order. @throws DatasetError for a ranking that is not of this source
   */
  *ranked(question: string): Generator<Passage> {
    const found = new Set<number>();
    for (const ids of [() => this.#before(question), () => this.#byWords(question), () => this.passages.keys()]) {
      for (const id of ids()) {
        if (found.has(id)) continue;
        found.add(id);
        yield this.passages[id] as Passage;
      }
    }
  }

  #before(question: string): readonly number[] {
    if (this.#ranking === null) return [];
    const ids = this.#ranking.get(question);
    if (ids === undefined) throw new DatasetError(`ranking: found nothing for the question ${JSON.stringify(question)}, allowed: a ranking of the same source`);
    const foreign = ids.find((id) => id >= this.passages.length);
    if (foreign !== undefined) throw new DatasetError(`ranking: found passage ${foreign}, allowed: 0 to ${this.passages.length - 1}, a ranking of the same source`);
    return ids;
  }

  #byWords(question: string): number[] {
    const hits = this.#built().search(question).map(({ id, score }) => ({ id: id as number, score }));
    return hits.sort((a, b) => b.score - a.score || a.id - b.id).map(({ id }) => id);
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
