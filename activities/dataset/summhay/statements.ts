/** Statements of the authored world: what stands around the one that is asked for, and where that one may stand. */
import type { SeededRandom } from '#activities/random/seeded.ts';
import { relationOf } from '#activities/source/miniature/chains.ts';
import { choice } from '#activities/source/miniature/choice.ts';
import { fittingWordings, sentence } from '#activities/source/miniature/language.ts';
import { NameDraw } from '#activities/source/miniature/names.ts';
import type { Relation } from '#activities/source/miniature/world.ts';
import type { Fact } from '#workflows/contracts/source.ts';
import { documentsNaming, type SyntheticSource } from '../authored.ts';
import { citation } from './numbers.ts';

export type Register = 'plain' | 'real' | 'paraphrase';

/** Statements are drawn so many at a time, and each made twice, so that to stand twice is not what tells the one asked for. */
const AT_A_TIME = 4;
/** So many of the first ones, at most, are about an organisation whose name shares a word with the one asked for. */
const CONFUSABLE = 3;

/** Statements about other organisations, without end; those behind the last name of the world begin anew. */
export function* otherStatements({ world, names }: SyntheticSource, register: Register, { subject: asked, value: askedValue }: Fact, random: SeededRandom): Generator<string> {
  const relations = Object.values(world.relations.organisation);
  const fresh = () => new NameDraw(random, names, askedValue, [asked]);
  let draw = fresh();
  let confusable = CONFUSABLE;
  const next = (): { relation: Relation; x: string; y: string } => {
    for (;;) {
      const relation = choice(random, relations);
      const x = (confusable-- > 0 ? draw.organisationLike(asked) : null) ?? draw.organisation();
      const y = draw.value(relation);
      if (x !== null && y !== null) return { relation, x, y };
      draw = fresh();
    }
  };
  for (;;) {
    const facts = Array.from({ length: AT_A_TIME }, next);
    yield* random.shuffle([...facts, ...facts]).map(({ relation, x, y }) => sentence(choice(random, fittingWordings(relation[register].facts, y)), { x, y }));
  }
}

/** The fact in two different wordings of a register, as sentences: the first to be read, the second to ask for it. */
export function twoWordings({ world }: SyntheticSource, register: Register, fact: Fact, random: SeededRandom): [string, string] {
  const wordings = fittingWordings(relationOf(world, fact)[register].facts, fact.value);
  return random.sample(wordings, 2).map((wording) => sentence(wording, { x: fact.subject, y: fact.value })) as [string, string];
}

/** Tells whether the documents of a prompt that name the subject of a statement are those that the answer cites. */
export function citationVerifier({ subject }: Pick<Fact, 'subject'>, answer: string): (prompt: string) => string | null {
  return (prompt) => {
    const found = citation(documentsNaming(prompt, subject));
    return found === answer ? null : `documents ${found} name ${subject}, allowed: ${answer}`;
  };
}
