/** MuSiQue's written haystack: five-sentence paragraphs (prompt A.4) about the names of each hop, and further ones. */
import { seededRandom } from '#activities/random/seeded.ts';
import type { WrittenPassage } from '#workflows/contracts/writing.ts';
import { SymbolDraw } from '../../dataset/symbols.ts';
import { readMusiqueRows, readPool } from '../../source/artifact.ts';
import { checked, length, without } from '../checks.ts';
import type { Item, WritingRequest } from '../item.ts';
import { hopKey } from '../keys.ts';
import { readTitled } from '../reply.ts';
import { chainsOf } from './chains.ts';

/** Around five sentences. */
const FEWEST = 30;
const MOST = 300;

export async function* musiqueParagraphs(request: WritingRequest): AsyncGenerator<Item<WrittenPassage>> {
  const { expression, passages, sourceDir, seed } = request;
  let written = 0;
  let rows = 0;
  for await (const { id, facts } of chainsOf(request)) {
    rows += 1;
    for (const [hop, { about }] of facts.entries()) {
      written += 1;
      yield paragraph(hopKey(id, hop), rows, about, expression === 'low');
    }
  }
  // A context leaves out what names one of its answers, so there are more than one needs.
  const missing = 2 * passages - written;
  if (missing <= 0) return;
  const names = expression === 'low' ? new SymbolDraw(seededRandom('musique further symbols', seed), 'capitals').take(missing) : await furtherNames(sourceDir, missing);
  for (const [at, name] of names.entries()) yield paragraph(`extra-${at}`, rows, name, expression === 'low');
}

/** Titles of the source's other passages, each once. */
async function furtherNames(sourceDir: string, count: number): Promise<string[]> {
  const names = new Set<string>();
  for await (const { distractors } of readMusiqueRows(sourceDir, 'train only')) for (const { title } of distractors) names.add(title);
  for (const { title } of await readPool(sourceDir)) names.add(title);
  names.delete('');
  return [...names].slice(0, count);
}

function paragraph(key: string, row: number, about: string, symbolic: boolean): Item<WrittenPassage> {
  return {
    id: key,
    row,
    write: async (writer) => {
      const { title, text } = await writer.write('A.4', { fake_entities: about }, (reply) =>
        checked(
          readTitled(reply),
          (said) => (symbolic ? without(`${said.title}\n${said.text}`, [about], 'the fake entity') : null),
          (said) => length(said.text, FEWEST, MOST),
        ),
      );
      return { of: key, title, text };
    },
  };
}
