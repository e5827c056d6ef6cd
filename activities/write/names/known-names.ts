/** Which names the questions of a source give, by what all its passages say. */
import type { Passage } from '#workflows/contracts/source.ts';
import { NameEvidence } from './evidence.ts';
import { namesFound } from './find.ts';
import { nounPhrase } from './noun-phrase.ts';
import { nameKey } from './symbols.ts';
import { wordsOf } from './words.ts';

export class KnownNames {
  readonly #all: NameEvidence;

  private constructor(all: NameEvidence) {
    this.#all = all;
  }

  /** Reads all passages once; what is kept of them is counts of runs of words that `texts` have. */
  static async of(texts: Iterable<string>, passages: AsyncIterable<Passage> | Iterable<Passage>): Promise<KnownNames> {
    const all = new NameEvidence([...texts].map(wordsOf));
    for await (const passage of passages) all.add(passage);
    return new KnownNames(all);
  }

  /** Keys (`nameKey`) of the names in texts that belong together, each once, in order; `own` are the passages that answer them. */
  in(texts: readonly string[], own: readonly Passage[]): string[] {
    const read = texts.map(wordsOf);
    const evidence = new NameEvidence(read);
    for (const passage of own) evidence.add(passage);
    for (const words of read) evidence.addNamed(words);
    const titles = own.map(({ title }) => title);
    return [...new Set(read.flatMap((words) => namesFound(words, titles, evidence, this.#all).map(({ from, to }) => nameKey(words.slice(from, to)))))];
  }

  /** Key of what a question that gives no name is about (`nounPhrase`); null where it says nothing of the kind. */
  topicOf(question: string, { title }: Passage): string | null {
    const words = wordsOf(question);
    const range = nounPhrase(question, words, title, this.#all);
    return range && nameKey(words.slice(range.from, range.to));
  }
}
