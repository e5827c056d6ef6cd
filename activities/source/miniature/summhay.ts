/** The miniature's SummHay: topics of twelve statements about as many organisations, each made in exactly two of twelve documents. */
import { seededRandom } from '#activities/random/seeded.ts';
import type { Fact, SummhayDocument, SummhayRow } from '#workflows/contracts/source.ts';
import { SourceError } from '../errors.ts';
import { relationOf } from './chains.ts';
import { fittingWordings, sentence } from './language.ts';
import { NameDraw, type NameList, namesOf } from './names.ts';
import type { AuthoredRows } from './write.ts';
import type { World } from './world.ts';

/** Statements of a topic, and documents: ten of a context and two to choose from. */
const TOPIC = 12;

interface Topic {
  rows: SummhayRow[];
  documents: SummhayDocument[];
}

/** Statements of a split in seeded order, topic by topic; with them go the documents of their topics. */
export function summhayStatements(world: World, split: 'train' | 'test', seed: number): AuthoredRows {
  const names = namesOf(world, split);
  const perRound = Math.floor(names.organisations.length / TOPIC);
  const rounds = Object.keys(world.relations.organisation).length;
  function* topics(count: number): Generator<Topic> {
    for (let at = 0; at * TOPIC < count; at += 1) {
      const round = Math.floor(at / perRound);
      const first = (at % perRound) * TOPIC;
      yield topicOf(world, names, seed, split, at, subjectsOf(world, names, seed, split, round).slice(first, first + TOPIC));
    }
  }
  return {
    most: rounds * perRound * TOPIC,
    rows: function* (from, to) {
      let at = 0;
      for (const { rows } of topics(to)) {
        yield* rows.slice(Math.max(0, from - at), to - at);
        at += rows.length;
      }
    },
    documents: function* (count) {
      for (const { documents } of topics(count)) yield* documents;
    },
    passages: () => 0,
  };
}

type Subject = Pick<Fact, 'subject' | 'relation'>;

/** All organisations in the random order of a round, each with a relation that it has in no other round. */
function subjectsOf(world: World, { organisations }: NameList, seed: number, split: string, round: number): Subject[] {
  const relations = Object.keys(world.relations.organisation);
  const offsets = seededRandom('miniature relations', seed, split);
  const all = organisations.map((subject) => ({ subject, relation: relations[(round + offsets.int(relations.length)) % relations.length] as string }));
  return seededRandom('miniature topics', seed, split, round).shuffle(all);
}

function topicOf(world: World, names: NameList, seed: number, split: string, at: number, subjects: readonly Subject[]): Topic {
  const topic = `miniature-${split}-${at}`;
  const random = seededRandom('miniature topic', seed, split, at);
  const draw = new NameDraw(random, names, '', subjects.map(({ subject }) => subject));
  const statements = subjects.map(({ subject, relation: name }) => {
    const relation = relationOf(world, { subjectType: 'organisation', relation: name });
    const value = draw.value(relation);
    if (value === null) throw new SourceError(`miniature world: found too few names for the values of ${topic}`);
    const [asked, ...stated] = random.sample(fittingWordings(relation.real.facts, value), 3).map((wording) => sentence(wording, { x: subject, y: value })) as [string, string, string];
    const insight = `${subject.toLowerCase().replaceAll(' ', '-')}-${name}`;
    return { insight, stated, row: { id: `${topic}/${insight}`, topic, insight: asked, fact: { subjectType: 'organisation', subject, relation: name, value } satisfies Fact } };
  });
  // Each statement is in one document with the one before it, and in the next with the one behind it.
  const round = random.shuffle(statements);
  const documents = round.map(({ insight, stated: [, second] }, place) => {
    const next = round[(place + 1) % round.length] as (typeof round)[number];
    const texts = random.shuffle([second as string, next.stated[0] as string]);
    return { id: `${topic}/${place}`, topic, text: texts.join(' '), insights: [insight, next.insight] };
  });
  return { rows: statements.map(({ row }) => row), documents };
}
