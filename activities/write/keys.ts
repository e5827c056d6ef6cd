/** By which a dataset finds the passages that were written for its rows (`of` of a written passage). */
import { createHash } from 'node:crypto';

/** Of the paraphrase of a passage with this text. */
export function passageKey(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Of the paragraph around a hop's fact; hops count from 0. */
export function hopKey(rowId: string, hop: number): string {
  return `${rowId}#${hop + 1}`;
}
