/** The miniature's own documents: a few facts about one organisation or person, in everyday wordings. */
import type { SeededRandom } from '#activities/random/seeded.ts';
import type { Fact, Passage } from '#workflows/contracts/source.ts';
import { choice } from './choice.ts';
import { fittingWordings, sentence, withPronoun } from './language.ts';
import type { NameDraw } from './names.ts';
import { endingRelations, type Relation, type World } from './world.ts';

/** Share of the sentences after the first that call the subject "it". */
const PRONOUN_SHARE = 0.5;
/** Share of documents that end with an aside. */
const ASIDE_SHARE = 0.3;

/** A fact to be stated: a relation and its value. */
export interface StatedFact {
  relation: Relation;
  value: string;
}

/** Document that states `facts` about `subject`, in this order. */
export function document(random: SeededRandom, { asides }: Pick<World, 'asides'>, subject: string, facts: readonly StatedFact[]): Passage {
  const sentences = facts.map(({ relation, value }, at) => {
    const wording = choice(random, fittingWordings(relation.real.facts, value));
    const pronoun = at > 0 && random.float() < PRONOUN_SHARE;
    return sentence(pronoun ? withPronoun(wording) : wording, { x: subject, y: value });
  });
  if (asides.length > 0 && random.float() < ASIDE_SHARE) sentences.push(sentence(choice(random, asides)));
  return { title: subject, text: sentences.join(' ') };
}

/** Document that answers a question: its fact and one or two others, in random order. */
export function goldDocument(random: SeededRandom, world: World, subject: string, relation: string, value: string, draw: NameDraw): Passage {
  const relations = endingRelations(world);
  const others = random.sample(Object.keys(relations).filter((name) => name !== relation), 1 + random.int(2));
  const facts = random.shuffle([relation, ...others]).map((name) => {
    const stated = relations[name] as Relation;
    const found = name === relation ? value : draw.value(stated);
    return found === null ? [] : [{ relation: stated, value: found }];
  });
  return document(random, world, subject, facts.flat());
}

/** Document with two or three facts about another organisation; null once the names are used up. */
export function otherDocument(random: SeededRandom, world: World, subject: string, draw: NameDraw): Passage | null {
  const facts: StatedFact[] = [];
  for (const relation of random.sample(Object.values(endingRelations(world)), 2 + random.int(2))) {
    const value = draw.value(relation);
    if (value === null) return null;
    facts.push({ relation, value });
  }
  return document(random, world, subject, facts);
}

/** Document of one hop: its fact and, half the time, another one of the same subject; null once the names are used up. */
export function hopDocument(random: SeededRandom, world: World, { subjectType, subject, relation, value }: Fact, draw: NameDraw): Passage | null {
  const relations = world.relations[subjectType];
  const facts: StatedFact[] = [{ relation: relations[relation] as Relation, value }];
  for (const name of random.sample(Object.keys(relations).filter((other) => other !== relation), random.int(2))) {
    const stated = relations[name] as Relation;
    const other = draw.value(stated);
    if (other === null) return null;
    facts.push({ relation: stated, value: other });
  }
  // The asides are about places.
  return document(random, subjectType === 'person' ? { ...world, asides: [] } : world, subject, random.shuffle(facts));
}
