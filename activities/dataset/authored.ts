/** What authored rows (the miniature source) share in all tasks: their facts are known, and so is every place that may name them. */
import type { SeededRandom } from '#activities/random/seeded.ts';
import { answerOccurrences, type TextRange } from '#activities/source/index.ts';
import { sentence, sentencesOf } from '#activities/source/miniature/language.ts';
import { type NameList, namesOf } from '#activities/source/miniature/names.ts';
import { miniatureWorld, type World } from '#activities/source/miniature/world.ts';
import type { Passage } from '#workflows/contracts/source.ts';
import { DatasetError } from './errors.ts';

export interface SyntheticSource {
  world: World;
  /** Names that documents of this split may name. */
  names: NameList;
}

/** The world, and the names of a split. */
export function authoredSource(split: 'train' | 'test'): SyntheticSource {
  const world = miniatureWorld();
  return { world, names: namesOf(world, split) };
}

/** The one sentence of an authored document that states a fact: no other one names its value. @throws DatasetError */
export function statingSentence(id: string, passage: Pick<Passage, 'text'>, field: string, value: string): TextRange {
  const stating = sentencesOf(passage.text).filter(({ start, end }) => answerOccurrences(passage.text.slice(start, end), [value]).length > 0);
  if (stating.length !== 1) throw new DatasetError(`source row ${id}: found ${stating.length} sentences of ${field} that state the fact, allowed: 1`);
  return stating[0] as TextRange;
}

/** The numbers of the documents of a prompt that name somebody or something, in order of position. */
export function documentsNaming(prompt: string, name: string): number[] {
  const documents = [...prompt.matchAll(/^Document \[?(\d+)\]?: (.*)$/gm)];
  return documents.filter(([, , text]) => answerOccurrences(text as string, [name]).length > 0).map(([, number]) => Number(number));
}

/** Asides in random order, none twice. */
export function asides(random: SeededRandom, { asides: all }: Pick<World, 'asides'>): string[] {
  return random.shuffle(all).map((aside) => sentence(aside));
}
