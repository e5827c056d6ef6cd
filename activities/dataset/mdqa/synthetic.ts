/**
 * Conditions `concept expression / context diversity` for questions whose fact is known (the miniature source): the needle
 * is written anew from the fact, and every other document states a fact about something else in the same form (paper,
 * section 3.2).
 */
import type { SeededRandom } from '#activities/random/seeded.ts';
import { choice } from '#activities/source/miniature/documents.ts';
import { fittingWordings, sentence, withoutArticle } from '#activities/source/miniature/language.ts';
import { NameDraw, type NameList } from '#activities/source/miniature/names.ts';
import type { Relation, World } from '#activities/source/miniature/world.ts';
import type { Fact, MdqaRow } from '#workflows/contracts/source.ts';
import type { Draft, Piece } from '../draft.ts';
import { DatasetError } from '../errors.ts';
import { SymbolDraw } from '../symbols.ts';
import { documentPiece } from '../documents.ts';

export interface SyntheticCondition {
  /** High: real names in paraphrased wordings. Low: 4-character symbols in plain templates. */
  expression: 'high' | 'low';
  /** High: sentences that say various things. Low: the padding sentences over and over. */
  diversity: 'high' | 'low';
}

export interface SyntheticSource {
  world: World;
  /** Names that documents of this split may name. */
  names: NameList;
}

type StatedRow = Omit<MdqaRow, 'fact'> & { fact: Fact };

export function syntheticDraft(row: StatedRow, { expression, diversity }: SyntheticCondition, { world, names }: SyntheticSource, random: SeededRandom): Draft {
  const { relation: name, subjectType } = row.fact;
  const relation = world.relations[subjectType][name];
  if (relation === undefined) {
    throw new DatasetError(`source row ${row.id}: fact.relation: found "${name}", allowed: ${Object.keys(world.relations[subjectType]).join(', ')}`);
  }
  const entities = expression === 'high' ? realEntities(row.fact, names, random) : symbols(random);
  const { subject, value } = entities.needle;
  return {
    question: expression === 'high' ? row.question : sentence(withoutArticle(choice(random, relation.plain.questions)), { x: subject }),
    answer: value,
    answers: [value],
    layout: 'documents',
    required: [factDocument(subject, relation, value, true)],
    filling: { by: 'pieces', others: others() },
    answerIn: 'needles',
    answersOnlyInNeedles: true,
  };

  function* others(): Generator<Piece> {
    const relations = Object.values(world.relations[subjectType]);
    for (;;) {
      const stated = choice(random, relations);
      const other = entities.other(stated);
      if (other === null) return;
      yield factDocument(other.subject, stated, other.value, false);
    }
  }

  /** One fact between sentences that state none: one piece of context before it half the time, the rest behind it. */
  function factDocument(subject: string, stated: Relation, value: string, isNeedle: boolean): Piece {
    const surroundings = diversity === 'high' ? asides() : padding();
    const before = random.int(2);
    const fact = statement(stated, subject, value);
    const lead = before === 0 ? '' : `${surroundings(1)} `;
    const text = `${lead}${fact} ${surroundings(2 - before)}`;
    return documentPiece({ title: subject, text }, isNeedle ? { start: lead.length, end: lead.length + fact.length } : undefined);
  }

  function statement(stated: Relation, subject: string, value: string): string {
    if (expression === 'low') return sentence(withoutArticle(choice(random, stated.plain.facts)), { x: subject, y: value });
    return sentence(choice(random, fittingWordings(stated.paraphrase.facts, value)), { x: subject, y: value });
  }

  /** Asides in random order, none twice in a document. */
  function asides(): (count: number) => string {
    const order = random.shuffle(world.asides);
    return (count) => order.splice(0, count).map((aside) => sentence(aside)).join(' ');
  }

  /** The padding sentences in their order, over and over, from a document's own starting point on. */
  function padding(): (count: number) => string {
    let at = random.int(world.padding.length);
    return (count) => Array.from({ length: 1 + 2 * count }, () => sentence(world.padding[at++ % world.padding.length] as string)).join(' ');
  }
}

interface Entities {
  needle: { subject: string; value: string };
  /** A new subject and a value for it; null once names are used up. */
  other(relation: Relation): { subject: string; value: string } | null;
}

function realEntities({ subject, value, subjectType }: Fact, names: NameList, random: SeededRandom): Entities {
  if (subjectType !== 'organisation') throw new DatasetError(`fact.subjectType: found "${subjectType}", allowed for mdqa: organisation`);
  const draw = new NameDraw(random, names, value, [subject]);
  return {
    needle: { subject, value },
    other: (relation) => {
      const [other, stated] = [draw.organisation(), draw.value(relation)];
      return other === null || stated === null ? null : { subject: other, value: stated };
    },
  };
}

function symbols(random: SeededRandom): Entities {
  const draw = new SymbolDraw(random);
  const pair = () => ({ subject: draw.next(), value: draw.next() });
  return { needle: pair(), other: pair };
}
