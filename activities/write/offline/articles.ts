/** Made-up articles about given names: people, places, organisations, works, events and things, put together from sentences about each. */
import type { SeededRandom } from '#activities/random/seeded.ts';
import { Cast } from './cast.ts';
import { lowered, withoutEnd, wordsIn } from './clauses.ts';
import { capitalised, expand, pick } from './expand.ts';
import event from './kinds/event.json' with { type: 'json' };
import organisation from './kinds/organisation.json' with { type: 'json' };
import person from './kinds/person.json' with { type: 'json' };
import place from './kinds/place.json' with { type: 'json' };
import thing from './kinds/thing.json' with { type: 'json' };
import work from './kinds/work.json' with { type: 'json' };
import things from './things.json' with { type: 'json' };

export interface Article {
  title: string;
  text: string;
  question: string;
  answer: string;
}

/** One kind of subject. All its texts are templates (`expand`). */
interface Kind {
  /** The list of `things.json` that says what the subject is. */
  kind: string;
  titles: readonly string[];
  opening: readonly string[];
  /** What may be told of it: ways to say it, ways to ask for it, and what is asked for. */
  facets: readonly { says: readonly string[]; asks: readonly string[]; answer: string | null }[];
  /** Sentences that mention another name, and what it is where none is given. */
  links: readonly string[];
  other: string;
}

const KINDS: readonly Kind[] = [person, place, organisation, work, event, thing];
/** The 100 words that are asked for, nearly. Five sentences of one part each have fewer. */
const FEWEST_WORDS = 88;

/** A paragraph about the first name that mentions the others, and a question that one of its sentences answers; about 100 words, in so many sentences if a number is given. */
export function paragraph(names: readonly string[], random: SeededRandom, sentences?: number): Article {
  const kind = pick(random, KINDS);
  const [subject = 'It', ...others] = names;
  const cast = new Cast(random, {
    subject,
    kind: pick(random, (things as Readonly<Record<string, readonly string[]>>)[kind.kind] as readonly string[]),
    ...(others.length > 0 && { other: others.join(' and ') }),
  });
  if (others.length === 0) cast.alias('other', kind.other);
  const say = (templates: readonly string[]) => capitalised(expand(pick(random, templates), random, (name) => cast.get(name)));

  const opening = say(kind.opening);
  const told = random.shuffle(kind.facets.map((facet) => ({ ...facet, asked: facet.asks.length > 0 && facet.answer !== null })));
  // What is asked about is told.
  const [asked] = told.filter((facet) => facet.asked);
  if (asked === undefined) throw new Error('offline writer: a kind without a question');
  const rest = told.filter((facet) => facet !== asked);
  const parts = [say(asked.says), say(kind.links)];
  let words = wordsIn(opening) + parts.reduce((sum, part) => sum + wordsIn(part), 0);
  for (const facet of rest) {
    if (words >= FEWEST_WORDS) break;
    const part = say(facet.says);
    words += wordsIn(part);
    if (sentences === undefined || parts.length + 1 < sentences) parts.push(part);
    else {
      // No further sentence: the shortest one goes on.
      const shortest = parts.reduce((least, other, at) => (wordsIn(other) < wordsIn(parts[least] as string) ? at : least), 0);
      parts[shortest] = `${withoutEnd(parts[shortest] as string)}; ${lowered(part)}`;
    }
  }
  return {
    title: say(kind.titles),
    text: [opening, ...random.shuffle(parts)].join(' '),
    question: say(asked.asks),
    answer: cast.get((asked.answer as string).slice(1)),
  };
}
