import { seededRandom } from '#activities/random/seeded.ts';
import type { MdqaRow, Passage } from '#workflows/contracts/source.ts';
import { type SourceCounts, type SourceSummary, writeSource } from '../artifact.ts';
import { SourceError } from '../errors.ts';
import type { OnProgress } from '../progress.ts';
import { choice, goldDocument, otherDocument } from './documents.ts';
import { sentence } from './language.ts';
import { NameDraw, type NameList, namesOf } from './names.ts';
import { miniatureWorld, type Relation, type World } from './world.ts';

export interface MiniatureSource {
  seed: number;
  trainRows: number;
  testRows: number;
  outputDir: string;
}

/** Distractors per row: enough for 2,048 tokens of the tiny base, at about 33 tokens each. */
const DISTRACTORS = 70;
/** So many distractors, at most, have a title that shares a word with the gold document's. */
const CONFUSABLE = 3;

/**
 * Writes the miniature's questions as an MDQA source artifact: invented organisations, each question about one fact that
 * a document states between others. Names of the test split stand in no training row. Each row has its own stream of
 * chance, so row n is the same however many rows are asked for.
 * @throws SourceError if more rows are asked for than the world has questions
 */
export async function writeMiniature({ seed, trainRows, testRows, outputDir }: MiniatureSource, onProgress?: OnProgress): Promise<SourceSummary> {
  const world = miniatureWorld();
  const questions = { train: questionsOf(world, 'train', seed), test: questionsOf(world, 'test', seed) };
  for (const [split, asked] of [['train', trainRows], ['test', testRows]] as const) {
    const { length } = questions[split];
    if (asked > length) throw new SourceError(`${split}Rows: found ${asked}, allowed: at most ${length}, the miniature world has no more questions`);
  }
  function* rows(split: 'train' | 'test', count: number, before: number) {
    const names = namesOf(world, split);
    for (const [at, question] of questions[split].slice(0, count).entries()) {
      onProgress?.({ phase: 'writing questions', done: before + at, total: trainRows + testRows, unit: 'rows' });
      yield miniatureRow(world, names, seed, question);
    }
  }
  const counts: SourceCounts = {
    rows: { read: trainRows + testRows, train: trainRows, test: testRows, further: 0, unused: 0, dropped: {} },
    passages: { kept: (trainRows + testRows) * DISTRACTORS, dropped: {} },
    pool: { kept: 0, dropped: {} },
  };
  return writeSource(outputDir, { train: rows('train', trainRows, 0), test: rows('test', testRows, trainRows), pool: [] }, () => counts);
}

interface Question {
  subject: string;
  relation: string;
}

/** Every question that the world can ask about organisations of a split, in seeded order. */
function questionsOf(world: World, split: 'train' | 'test', seed: number): Question[] {
  const relations = Object.keys(world.relations.organisation);
  const all = namesOf(world, split).organisations.flatMap((subject) => relations.map((relation) => ({ subject, relation })));
  return seededRandom('miniature questions', seed, split).shuffle(all);
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
