import { z } from 'zod';
import type { Passage } from '#workflows/contracts/source.ts';
import { normalise } from './answers.ts';
import { readJsonLines } from './json-lines.ts';
import { toPassage } from './passage.ts';
import type { OnProgress } from './progress.ts';
import { Tally } from './tally.ts';


/** `text`, or `paragraph_text` as MuSiQue calls it. */
const PoolRow = z
  .object({ title: z.string(), text: z.string().optional(), paragraph_text: z.string().optional() })
  .refine(({ text, paragraph_text }) => text !== undefined || paragraph_text !== undefined, { path: ['text'], message: 'a string, here or in paragraph_text' });

/** Progress is reported every so many passages. */
const PROGRESS_PASSAGES = 200;

/** The passages of a pool file, each text once, as a stream; `counts` is right once it was read to its end. */
export interface Pool {
  passages: () => AsyncGenerator<Passage>;
  counts: () => { kept: number; dropped: Record<string, number> };
}

/** Without a file the pool is empty. @throws SourceError while it is read */
export function openPool(file: string | undefined, onProgress?: OnProgress): Pool {
  const dropped = new Tally();
  let kept = 0;
  async function* passages(): AsyncGenerator<Passage> {
    if (file === undefined) return;
    const seen = new Set<string>();
    for await (const { value } of readJsonLines(PoolRow, file)) {
      const passage = toPassage({ title: value.title, text: value.text ?? value.paragraph_text ?? '' });
      const key = normalise(passage.text);
      if (key === '') dropped.add('empty text');
      else if (seen.has(key)) dropped.add('repeated text');
      else {
        seen.add(key);
        if (kept++ % PROGRESS_PASSAGES === 0) onProgress?.({ phase: 'reading pool', done: kept, total: kept, unit: 'passages' });
        yield passage;
      }
    }
  }
  return { passages, counts: () => ({ kept, dropped: dropped.toRecord() }) };
}
