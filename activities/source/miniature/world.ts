/** The authored mini-world: names, relations and wordings (world.json), checked when first read. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { parse } from '#workflows/contracts/parse.ts';

const names = z.array(z.string().regex(/^[a-z]+$/, 'lower-case letters')).min(2);
const aside = z.string().regex(/ \.$/, 'a sentence ending in " ."');
const wordings = z.strictObject({
  /** Sentences that state the fact; {x} is the subject and {y} the value. */
  facts: z.array(z.string().regex(/^(?=.*\{x\})(?=.*\{y\}).* \.$/, 'a sentence with {x} and {y}, ending in " ."')).min(1),
  questions: z.array(z.string().regex(/^(?=.*\{x\}).* \?$/, 'a question with {x}, ending in " ?"')).min(1),
});

export const ValueType = z.enum(['person', 'organisation', 'place', 'year', 'thing', 'color', 'job']);
export type ValueType = z.infer<typeof ValueType>;

export const Relation = z.strictObject({
  noun: z.string().min(1),
  value: ValueType,
  /** Ways to speak of the value without naming it, "the founder of the {x}" first; for questions of several hops. */
  phrases: z.array(z.string().regex(/ the \{x\}$/, 'words that end in " the {x}"')).min(1).optional(),
  /** Short templated sentences: low concept expression. */
  plain: wordings,
  /** How the miniature's own documents put it. */
  real: wordings,
  /** The same facts in other words: high concept expression of the synthetic conditions. */
  paraphrase: wordings,
});
export type Relation = z.infer<typeof Relation>;

/** Values that have facts of their own: a question can go on from them. */
const LEADING: ReadonlySet<ValueType> = new Set(['person', 'organisation']);

const leadingOn = Relation.refine(({ value, phrases }) => !LEADING.has(value) || phrases !== undefined, { path: ['phrases'], message: 'phrases, as the value is a person or an organisation' });

export const World = z.object({
  names: z.strictObject({ first: names, last: names, place: names, adjective: names, kind: names, thing: names, color: names, job: names }),
  years: z.strictObject({ first: z.int(), last: z.int() }),
  relations: z.strictObject({ organisation: z.record(z.string(), leadingOn), person: z.record(z.string(), Relation) }),
  /** Sentences that state no fact about anyone. */
  asides: z.array(aside).min(3),
  /** The padding sentences of the paper, section 3.1. */
  padding: z.array(aside).min(1),
});
export type World = z.infer<typeof World>;

/**
 * Relations of organisations whose values are none themselves: what MDQA's documents state. Those that lead from one
 * organisation to another are for chains, and the base of the quickstart has never read them.
 */
export function endingRelations({ relations }: World): Record<string, Relation> {
  return Object.fromEntries(Object.entries(relations.organisation).filter(([, { value }]) => value !== 'organisation'));
}

let world: World | undefined;

/** The file that holds the world. */
export const MINIATURE_WORLD_FILE = fileURLToPath(new URL('./world.json', import.meta.url));

/** The world of the file beside this one. @throws InvalidInput naming the field that is wrong */
export function miniatureWorld(): World {
  world ??= parse(World, JSON.parse(readFileSync(MINIATURE_WORLD_FILE, 'utf8')), 'the miniature world (world.json)');
  return world;
}
