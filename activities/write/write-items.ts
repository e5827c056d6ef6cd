/** Writing all items of a stage, several at a time; the files are the same whatever the number. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WritingCounts } from '#workflows/contracts/writing.ts';
import { inOrder } from '../dataset/in-order.ts';
import { writeJsonLines } from '../source/json-lines.ts';
import type { Progress } from '../source/progress.ts';
import { Tally } from '../source/tally.ts';
import { Unwritable, type Writer } from './ask.ts';
import type { Item, Items } from './item.ts';

export interface WriteOptions {
  writer: Writer;
  /** How the writer is named in cards and reports. */
  writerName: string;
  /** Items in the making at a time. */
  atOnce: number;
  outputDir: string;
  /** Source rows, for the progress. */
  rows: number;
  /** What so many tokens cost in dollars; null where no price is known. */
  dollars: (promptTokens: number, completionTokens: number) => number | null;
}

const PROGRESS_ITEMS = 10;

/** Writes `needles.jsonl` or `passages.jsonl`, and `counts.json`. Items that could not be had are left out and counted. */
export async function writeItems(items: Items, { writer, writerName, atOnce, outputDir, rows, dollars }: WriteOptions, onProgress?: (progress: Progress, texts: number) => void): Promise<WritingCounts> {
  const dropped = new Tally();
  const noted = new Tally();
  let asked = 0;
  let written = 0;
  async function* results<T>(from: AsyncIterable<Item<T>>): AsyncGenerator<T> {
    const attempts = inOrder(from[Symbol.asyncIterator](), atOnce, async ({ row, note, write }): Promise<{ row: number } & ({ value: T; note: string | null } | { reason: string })> => {
      try {
        return { row, value: await write(writer), note: note ?? null };
      } catch (error) {
        if (error instanceof Unwritable) return { row, reason: error.message };
        throw error;
      }
    });
    for await (const result of attempts) {
      if (asked++ % PROGRESS_ITEMS === 0) onProgress?.({ phase: 'writing', done: result.row, total: Math.max(rows, result.row), unit: 'rows' }, asked);
      if ('reason' in result) {
        dropped.add(result.reason);
        continue;
      }
      written += 1;
      if (result.note !== null) noted.add(result.note);
      yield result.value;
    }
  }
  const file = 'needles' in items ? 'needles.jsonl' : 'passages.jsonl';
  await writeJsonLines(join(outputDir, file), results<unknown>('needles' in items ? items.needles : items.passages));
  const { calls, estimated, promptTokens, completionTokens } = writer.used;
  const counts: WritingCounts = {
    writer: writerName,
    asked,
    written,
    calls,
    ...(estimated > 0 && { estimated }),
    promptTokens,
    completionTokens,
    dollars: dollars(promptTokens, completionTokens),
    refused: writer.refused.toRecord(),
    dropped: dropped.toRecord(),
    ...(Object.keys(noted.toRecord()).length > 0 && { noted: noted.toRecord() }),
  };
  await writeFile(join(outputDir, 'counts.json'), `${JSON.stringify(counts, null, 2)}\n`);
  return counts;
}
