/** Reading what a writing stage wrote (artifact `write`), in memory: a dataset takes passages in any order. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readJsonLines } from '#activities/source/index.ts';
import { parse } from '#workflows/contracts/parse.ts';
import { WritingCounts, WrittenNeedles, WrittenPassage } from '#workflows/contracts/writing.ts';
import { DatasetError, Unusable } from './errors.ts';

/** Folders of the writing artifacts of a condition, by what they are to it. */
export interface WrittenFolders {
  needles?: string;
  passages?: string;
}

export interface Writings {
  /** Who wrote: "offline templates", or a model's name. */
  writer: string;
  /** By id of the source row. */
  needles: ReadonlyMap<string, WrittenNeedles>;
  /** By what they were written for. */
  passages: ReadonlyMap<string, WrittenPassage>;
  counts: Readonly<Record<string, WritingCounts>>;
}

/** The texts of these folders; null where there are none. @throws SourceError, InvalidInput naming what cannot be read */
export async function readWritings({ needles, passages }: WrittenFolders): Promise<Writings | null> {
  if (needles === undefined) return null;
  const read = { needles: new Map<string, WrittenNeedles>(), passages: new Map<string, WrittenPassage>() };
  for await (const { value } of readJsonLines(WrittenNeedles, join(needles, 'needles.jsonl'))) read.needles.set(value.id, value);
  if (passages !== undefined) for await (const { value } of readJsonLines(WrittenPassage, join(passages, 'passages.jsonl'))) read.passages.set(value.of, value);
  const counts: Record<string, WritingCounts> = { needles: await countsOf(needles), ...(passages !== undefined && { passages: await countsOf(passages) }) };
  return { ...read, writer: counts.needles?.writer as string, counts };
}

async function countsOf(folder: string): Promise<WritingCounts> {
  return parse(WritingCounts, JSON.parse(await readFile(join(folder, 'counts.json'), 'utf8')), 'counts.json of a writing stage');
}

/** The written needles of a source row. @throws Unusable if they could not be written */
export function needlesFor({ needles }: Writings, id: string): WrittenNeedles {
  const found = needles.get(id);
  if (found === undefined) throw new Unusable('no needles were written for it');
  return found;
}

/** The writings of a condition that cannot be without. @throws DatasetError */
export function required(writings: Writings | null, task: string, condition: string): Writings {
  if (writings === null) throw new DatasetError(`condition: found "${condition}" without written texts, allowed for ${task} with this source: real, limited, symbolic, or any other with its writing stage as an input`);
  return writings;
}
