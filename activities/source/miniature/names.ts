/** Who and what the world's facts are about: pairs of known words for people and organisations, single words for the rest. */
import type { SeededRandom } from '#activities/random/seeded.ts';
import { capitalise } from './language.ts';
import type { Relation, ValueType, World } from './world.ts';

/** Which data a pair of words may be a name in. */
export type NameSplit = 'pretraining' | 'train' | 'test';

const codes = (word: string): number => [...word].reduce((sum, letter) => sum + (letter.codePointAt(0) ?? 0), 0);

/**
 * The split a name belongs to, by its two lower-case words: 60 % pretraining, 20 % train, 20 % test. The pretraining of the
 * tiny base (Python) has the same rule, so no name of a test question was ever seen in training.
 */
export function nameSplit(first: string, second: string): NameSplit {
  const bucket = (codes(first) * 7 + codes(second) * 13) % 10;
  return bucket < 6 ? 'pretraining' : bucket < 8 ? 'train' : 'test';
}

/** All names of a split that pair a word of `first` with one of `second`, capitalised: "Anna Reed", "Amber Mill". */
function pairs(first: readonly string[], second: readonly string[], split: NameSplit): string[] {
  return first.flatMap((a) => second.filter((b) => nameSplit(a, b) === split).map((b) => `${capitalise(a)} ${capitalise(b)}`));
}

/** The names of one split, each worked out once per world. */
export interface NameList {
  organisations: readonly string[];
  people: readonly string[];
  /** Single words by type, as they stand in a sentence; see `usableWords`. */
  words: Readonly<Record<Exclude<ValueType, 'person' | 'organisation'>, readonly string[]>>;
}

/** Everything of `world` that documents and questions of `split` may name. */
export function namesOf(world: World, split: NameSplit): NameList {
  const { names, years } = world;
  const usable = usableWords(world);
  return {
    organisations: pairs(names.adjective, names.kind, split),
    people: pairs(names.first, names.last, split),
    words: {
      place: usable(names.place).map(capitalise),
      year: Array.from({ length: years.last - years.first + 1 }, (_, i) => String(years.first + i)),
      thing: usable(names.thing),
      color: usable(names.color),
      job: usable(names.job),
    },
  };
}

/**
 * Keeps the words that are no part of any other word of the world: "green" is in the padding and "red" in "sacred". So an
 * answer stands in its needle and nowhere else, whatever surrounds it, even for a reader that ignores word borders.
 */
function usableWords(world: World): (words: readonly string[]) => string[] {
  const relations = [...Object.values(world.relations.organisation), ...Object.values(world.relations.person)];
  const wordings = relations.flatMap(({ phrases = [], plain, real, paraphrase }) => [...phrases, ...[plain, real, paraphrase].flatMap(({ facts, questions }) => [...facts, ...questions])]);
  const all = new Set([...wordings, ...world.asides, ...world.padding, ...Object.values(world.names).flat()].flatMap((text) => text.split(' ')));
  const inWordings = new Set([...wordings, ...world.asides, ...world.padding].flatMap((text) => text.split(' ')));
  return (words) => words.filter((word) => !inWordings.has(word) && ![...all].some((other) => other !== word && other.includes(word)));
}

/** After so many names in vain, the used ones are sorted out. */
const REDRAWS = 20;

/** Draws names for one row's documents, no person or organisation twice. */
export class NameDraw {
  readonly #random: SeededRandom;
  readonly #names: NameList;
  readonly #used: Set<string>;
  readonly #answer: string;

  /** `answer` and the names in `used` are never drawn. */
  constructor(random: SeededRandom, names: NameList, answer: string, used: Iterable<string>) {
    this.#random = random;
    this.#names = names;
    this.#answer = answer;
    this.#used = new Set([...used, answer]);
  }

  /** A new organisation; null once all are used. */
  organisation(): string | null {
    return this.#unused(this.#names.organisations);
  }

  /** A new organisation that shares a word with `other`; null if there is none. */
  organisationLike(other: string): string | null {
    const words = other.split(' ');
    return this.#unused(this.#names.organisations.filter((name) => name.split(' ').some((word, at) => word === words[at])));
  }

  /** A value of the relation other than the answer; people and organisations are new ones (null once all are used). */
  value({ value: type }: Relation): string | null {
    if (type === 'person') return this.#unused(this.#names.people);
    if (type === 'organisation') return this.organisation();
    const words = this.#names.words[type].filter((word) => word !== this.#answer);
    return words[this.#random.int(words.length)] as string;
  }

  #unused(names: readonly string[]): string | null {
    const draw = (from: readonly string[]) => (from.length === 0 ? null : (from[this.#random.int(from.length)] as string));
    let name = draw(names);
    // Few names are used as a rule: drawing again is cheaper than sorting out the used ones first.
    for (let tries = 1; name !== null && this.#used.has(name); tries += 1) {
      name = draw(tries < REDRAWS ? names : names.filter((candidate) => !this.#used.has(candidate)));
    }
    if (name !== null) this.#used.add(name);
    return name;
  }
}
