/** What a made-up article is about: names that no one has, years, numbers and things, each the same throughout the article. */
import type { SeededRandom } from '#activities/random/seeded.ts';
import { pick } from './expand.ts';
import things from './things.json' with { type: 'json' };

const STARTS = ['b', 'br', 'c', 'cl', 'd', 'dr', 'f', 'fl', 'g', 'gr', 'h', 'j', 'k', 'kr', 'l', 'm', 'n', 'p', 'pr', 'qu', 'r', 's', 'sk', 'st', 't', 'th', 'tr', 'v', 'w', 'y', 'z', ''];
const VOWELS = ['a', 'e', 'i', 'o', 'u', 'ae', 'ea', 'ei', 'ia', 'oa', 'ou'];
const MIDDLES = ['b', 'd', 'g', 'l', 'll', 'ld', 'm', 'mb', 'n', 'nd', 'nn', 'r', 'rd', 'rl', 'rn', 's', 'ss', 'st', 't', 'th', 'v', 'z', 'lk', 'rv', 'nt'];
const PERSON_ENDS = ['a', 'an', 'ane', 'ar', 'en', 'ek', 'ia', 'iel', 'ik', 'in', 'is', 'o', 'old', 'on', 'ora', 'us', 'wen', 'ett'];
const PLACE_ENDS = ['burgh', 'by', 'dale', 'fell', 'ford', 'gard', 'grad', 'ham', 'holm', 'ia', 'mere', 'mouth', 'ona', 'port', 'stad', 'stow', 'vale', 'wick', 'um', 'os', 'ar', 'esh'];

/** How the people, places and things that templates name are made. */
const KINDS: Readonly<Record<string, (random: SeededRandom, cast: Cast) => string>> = {
  person: (random) => (random.int(4) === 0 ? name(random, PERSON_ENDS) : `${name(random, PERSON_ENDS)} ${name(random, random.int(3) === 0 ? PLACE_ENDS : PERSON_ENDS)}`),
  place: (random) => `${pick(random, ['', '', '', '', 'New ', 'Upper ', 'Port ', 'Great ', 'Old '])}${name(random, PLACE_ENDS)}`,
  year: (random) => String(1380 + random.int(560)),
  work: (random, cast) => `The ${name(random, PLACE_ENDS)} ${pick(random, ['Letters', 'Road', 'Bells', 'Garden', 'Winter', 'Mirror', 'Sisters'])} of ${cast.get('later')}`,
  // Not before the year it follows.
  later: (random, cast) => String(Number(cast.get('year')) + 2 + random.int(60)),
  count: (random) => String(3 + random.int(random.int(2) === 0 ? 60 : 900)),
};

/** Roles of templates that are names: the same person is not both founder and pupil. */
const ROLES: Readonly<Record<string, keyof typeof KINDS>> = {
  founder: 'person', pupil: 'person', rival: 'person', patron: 'person', heir: 'person', maker: 'person', guide: 'person',
  town: 'place', region: 'place', harbour: 'place', river: 'place', court: 'place',
};

const MOST_TRIES = 100;

export class Cast {
  readonly #random: SeededRandom;
  readonly #values: Map<string, string>;
  readonly #aliases = new Map<string, string>();

  /** @param given names that are given: of the article's subject, and of another that it mentions */
  constructor(random: SeededRandom, given: Readonly<Record<string, string>>) {
    this.#random = random;
    this.#values = new Map(Object.entries(given));
  }

  /** `$name` is to be made as `as` is. */
  alias(name: string, as: string): void {
    this.#aliases.set(name, as);
  }

  /** What `$name` stands for, drawn where it is first asked for. @throws Error for a name that nothing is known of */
  get(name: string): string {
    const known = this.#values.get(name);
    if (known !== undefined) return known;
    const kind = this.#aliases.get(name) ?? name;
    const make = KINDS[ROLES[kind] ?? kind];
    const list = (things as Readonly<Record<string, readonly string[]>>)[kind];
    if (make === undefined && list === undefined) throw new Error(`offline writer: a template names $${name}, which is not known`);
    let value = '';
    // Nothing stands for two things, nor is it part of what another is called, as far as there is a choice.
    for (let tries = 0; tries === 0 || (tries < MOST_TRIES && this.#isTaken(value)); tries += 1) {
      value = make ? make(this.#random, this) : pick(this.#random, list as readonly string[]);
    }
    this.#values.set(name, value);
    return value;
  }

  #isTaken(value: string): boolean {
    const padded = ` ${value.toLowerCase()} `;
    for (const other of this.#values.values()) {
      const known = ` ${other.toLowerCase()} `;
      if (known.includes(padded) || padded.includes(known)) return true;
    }
    return false;
  }
}

function name(random: SeededRandom, ends: readonly string[]): string {
  const middle = random.int(3) === 0 ? pick(random, VOWELS.slice(0, 5)) + pick(random, MIDDLES) : '';
  const made = pick(random, STARTS) + pick(random, VOWELS) + pick(random, MIDDLES) + middle + pick(random, ends);
  return made.charAt(0).toUpperCase() + made.slice(1);
}
