/** The miniature's MuSiQue questions: chains of facts from an organisation to a fact about a person, one document per hop. */
import { seededRandom } from '#activities/random/seeded.ts';
import type { Fact, Hop, MusiqueRow, Passage } from '#workflows/contracts/source.ts';
import { SourceError } from '../errors.ts';
import { drawChain, namedBy, nounQuestion, otherChains, type Path, pathsOf, relationOf, spokenQuestion } from './chains.ts';
import { choice } from './choice.ts';
import { hopDocument } from './documents.ts';
import { sentence } from './language.ts';
import { NameDraw, type NameList, namesOf } from './names.ts';
import type { AuthoredRows } from './write.ts';
import type { World } from './world.ts';

/** Distractors per row: enough for 2,048 tokens of the tiny base, at about 30 tokens each. */
const DISTRACTORS = 75;
/** Share of questions that are asked in nouns, their hops being triples: those of condition `limited`, enough for one of full size. */
const TRIPLES_SHARE = 0.4;

interface Question {
  subject: string;
  path: Path;
}

/** Every chain question about organisations of a split, in seeded order. */
export function musiqueQuestions(world: World, split: 'train' | 'test', seed: number, hops: 2 | 3): AuthoredRows {
  const names = namesOf(world, split);
  const paths = pathsOf(world, hops);
  const all = names.organisations.flatMap((subject) => paths.map((path) => ({ subject, path })));
  const questions = seededRandom('miniature chains', seed, split, hops).shuffle(all);
  return {
    most: questions.length,
    rows: function* (from, to) {
      for (let at = from; at < to; at += 1) yield chainRow(world, names, seed, questions[at] as Question, at);
    },
    passages: (count) => count * DISTRACTORS,
  };
}

function chainRow(world: World, names: NameList, seed: number, { subject, path }: Question, at: number): MusiqueRow {
  const id = `miniature-${subject.toLowerCase().replaceAll(' ', '-')}-${path.map(({ relation }) => relation).join('-')}`;
  const random = seededRandom('miniature chain', seed, id);
  const facts = drawChain(world, path, subject, namedBy(new NameDraw(random, names, '', [subject]))) ?? outOfNames(id);
  const answer = (facts.at(-1) as Fact).value;
  const draw = new NameDraw(random, names, answer, [subject, ...facts.map(({ value }) => value)]);
  const inNouns = random.float() < TRIPLES_SHARE;
  const documentOf = (fact: Fact): Passage => hopDocument(random, world, fact, draw) ?? outOfNames(id);
  const supports = facts.map(documentOf);
  const distractors: Passage[] = [];
  for (const chain of otherChains(random, world, facts, namedBy(draw))) {
    distractors.push(...chain.map(documentOf));
    if (distractors.length >= DISTRACTORS) break;
  }
  if (distractors.length < DISTRACTORS) outOfNames(id);
  return {
    id,
    question: inNouns ? nounQuestion(world, path, subject, 'by name') : spokenQuestion(random, world, path, subject),
    answers: [answer],
    hops: facts.map((fact, hop): Hop => {
      const asked = hop === 0 ? subject : `#${hop}`;
      const { noun, real } = relationOf(world, fact);
      return {
        id: at * path.length + hop,
        question: inNouns ? `${asked} >> ${noun}` : sentence(choice(random, real.questions), { x: asked }),
        answer: fact.value,
        support: hop,
        triple: inNouns ? { subject: asked, relation: noun } : null,
        fact,
      };
    }),
    supports,
    distractors: distractors.slice(0, DISTRACTORS),
  };
}

function outOfNames(id: string): never {
  throw new SourceError(`miniature world: found too few names for ${DISTRACTORS} distractors of ${id}`);
}
