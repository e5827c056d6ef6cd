/** The miniature's MDQA questions: each about one fact that a document states between others. */
import { seededRandom } from '#activities/random/seeded.ts';
import type { MdqaRow, Passage } from '#workflows/contracts/source.ts';
import { SourceError } from '../errors.ts';
import { choice } from './choice.ts';
import { goldDocument, otherDocument } from './documents.ts';
import { sentence } from './language.ts';
import { NameDraw, type NameList, namesOf } from './names.ts';
import type { AuthoredRows } from './write.ts';
import { endingRelations, type Relation, type World } from './world.ts';

/** Distractors per row: enough for 2,048 tokens of the tiny base, at about 33 tokens each. */
const DISTRACTORS = 70;
/** So many distractors, at most, have a title that shares a word with the gold document's. */
const CONFUSABLE = 3;

interface Question {
  subject: string;
  relation: string;
}

/** Every question that the world can ask about organisations of a split, in seeded order. */
export function mdqaQuestions(world: World, split: 'train' | 'test', seed: number): AuthoredRows {
  const names = namesOf(world, split);
  const relations = Object.keys(endingRelations(world));
  const all = names.organisations.flatMap((subject) => relations.map((relation) => ({ subject, relation })));
  const questions = seededRandom('miniature questions', seed, split).shuffle(all);
  return {
    most: questions.length,
    rows: function* (from, to) {
      for (const question of questions.slice(from, to)) yield miniatureRow(world, names, seed, question);
    },
    passages: (count) => count * DISTRACTORS,
  };
}

function miniatureRow(world: World, names: NameList, seed: number, { subject, relation: name }: Question): MdqaRow {
  const id = `miniature-${subject.toLowerCase().replaceAll(' ', '-')}-${name}`;
  const random = seededRandom('miniature row', seed, id);
  const relation = world.relations.organisation[name] as Relation;
  const value = new NameDraw(random, names, '', [subject]).value(relation) as string;
  const draw = new NameDraw(random, names, value, [subject]);
  const gold = goldDocument(random, world, subject, name, value, draw);
  const distractors: Passage[] = [];
  while (distractors.length < DISTRACTORS) {
    const other = (distractors.length < CONFUSABLE ? draw.organisationLike(subject) : null) ?? draw.organisation();
    const passage = other === null ? null : otherDocument(random, world, other, draw);
    if (passage === null) throw new SourceError(`miniature world: found too few names for ${DISTRACTORS} distractors of ${id}`);
    distractors.push(passage);
  }
  return {
    id,
    question: sentence(choice(random, relation.real.questions), { x: subject }),
    answers: [value],
    gold,
    distractors,
    fact: { subjectType: 'organisation', subject, relation: name, value },
  };
}
