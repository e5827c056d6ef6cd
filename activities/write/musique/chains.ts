import type { Passage } from '#workflows/contracts/source.ts';
import { seededRandom } from '#activities/random/seeded.ts';
import { SymbolDraw } from '../../dataset/symbols.ts';
import { readMusiqueRows, readPool } from '../../source/artifact.ts';
import type { WritingRequest } from '../item.ts';
import { KnownNames } from '../names/known-names.ts';
import { type Chain, realChain, symbolicChain, textsOf } from './chain.ts';

/** The chains of all training rows; symbols are those of the row, whichever texts are written of it. */
export async function* chainsOf({ sourceDir, expression, seed }: Pick<WritingRequest, 'sourceDir' | 'expression' | 'seed'>): AsyncGenerator<Chain> {
  if (expression === 'high') {
    for await (const row of readMusiqueRows(sourceDir, 'train only')) yield realChain(row);
    return;
  }
  const symbols = new SymbolDraw(seededRandom('musique symbols', seed), 'capitals');
  const texts: string[] = [];
  for await (const row of readMusiqueRows(sourceDir, 'train only')) texts.push(...textsOf(row));
  const known = await KnownNames.of(texts, passages(sourceDir));
  for await (const row of readMusiqueRows(sourceDir, 'train only')) yield symbolicChain(row, symbols, known);
}

async function* passages(sourceDir: string): AsyncGenerator<Passage> {
  for await (const { supports, distractors } of readMusiqueRows(sourceDir, 'train only')) yield* [...supports, ...distractors];
  yield* await readPool(sourceDir);
}
