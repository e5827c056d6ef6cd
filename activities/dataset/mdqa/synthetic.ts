/**
 * Conditions `concept expression / context diversity` for questions whose fact is known (the miniature source): the needle
 * is written anew from the fact, and every other document states a fact about something else in the same form (paper,
 * section 3.2).
 */
import type { SeededRandom } from '#activities/random/seeded.ts';
import { choice } from '#activities/source/miniature/choice.ts';
import { fittingWordings, sentence, withoutArticle } from '#activities/source/miniature/language.ts';
import { NameDraw, type NameList } from '#activities/source/miniature/names.ts';
import { endingRelations, type Relation } from '#activities/source/miniature/world.ts';
import type { Dimensions } from '#workflows/contracts/experiment.ts';
import type { Fact, MdqaRow } from '#workflows/contracts/source.ts';
import { asides as asidesOf, type SyntheticSource } from '../authored.ts';
import type { Draft, Piece } from '../draft.ts';
import { DatasetError } from '../errors.ts';
import { SymbolDraw } from '../symbols.ts';
import { documentPiece } from '../documents.ts';

type StatedRow = Omit<MdqaRow, 'fact'> & { fact: Fact };

/**
 * Low expression is written in plain templates here, low diversity as the padding sentences over and over. `needleRandom` is
 * that of the row in both conditions of an expression, so that these have the same needle and differ in what is around it.
 */
export function syntheticDraft(row: StatedRow, { expression, diversity }: Dimensions, { world, names }: SyntheticSource, needleRandom: SeededRandom, random: SeededRandom): Draft {
  const { relation: name, subjectType } = row.fact;
  const relation = world.relations[subjectType][name];
  if (relation === undefined) {
    throw new DatasetError(`source row ${row.id}: fact.relation: found "${name}", allowed: ${Object.keys(world.relations[subjectType]).join(', ')}`);
  }
  const entities = expression === 'high' ? realEntities(row.fact, names, random) : symbols(needleRandom);
  const { subject, value } = entities.needle;
  return {
    question: expression === 'high' ? row.question : sentence(withoutArticle(choice(needleRandom, relation.plain.questions)), { x: subject }),
    answer: value,
    answers: [value],
    layout: 'documents',
    required: [factDocument(subject, relation, value, true)],
    filling: { by: 'pieces', others: others() },
    answerIn: 'needles',
    answersOnlyInNeedles: true,
  };

  function* others(): Generator<Piece> {
    const relations = Object.values(endingRelations(world));
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
    const fact = statement(isNeedle ? needleRandom : random, stated, subject, value);
    const lead = before === 0 ? '' : `${surroundings(1)} `;
    const text = `${lead}${fact} ${surroundings(2 - before)}`;
    return documentPiece({ title: subject, text }, isNeedle ? { start: lead.length, end: lead.length + fact.length } : undefined);
  }

  function statement(drawn: SeededRandom, stated: Relation, subject: string, value: string): string {
    if (expression === 'low') return sentence(withoutArticle(choice(drawn, stated.plain.facts)), { x: subject, y: value });
    return sentence(choice(drawn, fittingWordings(stated.paraphrase.facts, value)), { x: subject, y: value });
  }

  /** Asides in random order, none twice in a document. */
  function asides(): (count: number) => string {
    const order = asidesOf(random, world);
    return (count) => order.splice(0, count).join(' ');
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
