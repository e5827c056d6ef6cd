/** Chains of facts, each about the value of the one before, and questions that ask for the last value of one. */
import type { SeededRandom } from '#activities/random/seeded.ts';
import type { Fact } from '#workflows/contracts/source.ts';
import { SourceError } from '../errors.ts';
import { choice } from './choice.ts';
import { sentence, withoutArticle } from './language.ts';
import type { NameDraw } from './names.ts';
import type { Relation, World } from './world.ts';

/** One hop without its names. */
export type Link = Pick<Fact, 'subjectType' | 'relation'>;
/** The hops of a question in their order. */
export type Path = readonly Link[];

/** @throws SourceError if the world has no such relation */
export function relationOf(world: World, { subjectType, relation }: Link): Relation {
  const relations = world.relations[subjectType];
  const found = relations[relation];
  if (found === undefined) throw new SourceError(`fact.relation: found "${relation}", allowed for ${subjectType}: ${Object.keys(relations).join(', ')}`);
  return found;
}

/** Every path of so many hops from an organisation to a fact about a person: organisation → (organisation →) person → value. */
export function pathsOf({ relations }: World, hops: 2 | 3): Path[] {
  const leadingTo = (value: Relation['value']): Link[] =>
    Object.entries(relations.organisation).filter(([, stated]) => stated.value === value).map(([relation]) => ({ subjectType: 'organisation', relation }));
  const last = Object.keys(relations.person).map((relation): Link => ({ subjectType: 'person', relation }));
  const two = leadingTo('person').flatMap((to) => last.map((of) => [to, of]));
  return hops === 2 ? two : leadingTo('organisation').flatMap((first) => two.map((rest) => [first, ...rest]));
}

/** Where the names of a chain come from; null once they are used up. */
export interface ChainNames {
  /** A new organisation, if possible one that could be taken for `like`. */
  organisation(like?: string): string | null;
  value(relation: Relation): string | null;
}

/** Names of the world for chains. */
export function namedBy(draw: NameDraw): ChainNames {
  return { organisation: (like) => (like === undefined ? null : draw.organisationLike(like)) ?? draw.organisation(), value: (relation) => draw.value(relation) };
}

/** The facts of a path from `subject` on; null once the names are used up. */
export function drawChain(world: World, path: Path, subject: string, names: ChainNames): Fact[] | null {
  const facts: Fact[] = [];
  for (const link of path) {
    const value = names.value(relationOf(world, link));
    if (value === null) return null;
    facts.push({ ...link, subject: facts.at(-1)?.value ?? subject, value });
  }
  return facts;
}

/** So many other chains, at most, start from an organisation whose name shares a word with that of the question. */
const CONFUSABLE = 3;

/** Chains of as many hops that no question asks for, until names are used up; the first has the relations of the one that is asked for. */
export function* otherChains(random: SeededRandom, world: World, asked: readonly Fact[], names: ChainNames): Generator<Fact[]> {
  const paths = pathsOf(world, asked.length as 2 | 3);
  const path = asked.map(({ subjectType, relation }) => ({ subjectType, relation }));
  for (let at = 0; ; at += 1) {
    const start = names.organisation(at < CONFUSABLE ? asked[0]?.subject : undefined);
    const chain = start === null ? null : drawChain(world, at === 0 ? path : choice(random, paths), start, names);
    if (chain === null) return;
    yield chain;
  }
}

/** "What is the job of the founder of the parent of the Amber Mill?" */
export function nounQuestion(world: World, path: Path, subject: string, named: 'by name' | 'by symbol'): string {
  const nouns = path.map((link) => `the ${relationOf(world, link).noun} of`).reverse();
  const wording = `what is ${nouns.join(' ')} the {x} ?`;
  return sentence(named === 'by symbol' ? withoutArticle(wording) : wording, { x: subject });
}

/** "Where was the person who founded the house that runs the Amber Mill born?" */
export function spokenQuestion(random: SeededRandom, world: World, path: Path, subject: string): string {
  const relations = path.map((link) => relationOf(world, link));
  const last = relations.at(-1) as Relation;
  const asked = relations.slice(0, -1).reduce((inner, { phrases = [] }) => choice(random, phrases).replace('the {x}', inner), 'the {x}');
  return sentence(choice(random, last.real.questions).replace('{x}', asked), { x: subject });
}
