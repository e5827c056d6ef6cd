import { z } from 'zod';
import type { Passage } from '#workflows/contracts/source.ts';
import { normalise } from '../answers.ts';
import { readJsonLines } from '../json-lines.ts';
import type { Tally } from '../tally.ts';
import { toPassage } from './normalise-row.ts';

const PoolRow = z.object({ title: z.string(), text: z.string() });

/** Passages of a pool file, each text once; the rest is counted in `dropped`. @throws SourceError */
export async function* readPoolFile(file: string, dropped: Tally): AsyncGenerator<Passage> {
  const seen = new Set<string>();
  for await (const { value } of readJsonLines(PoolRow, file)) {
    const passage = toPassage(value);
    const key = normalise(passage.text);
    if (key === '') dropped.add('empty text');
    else if (seen.has(key)) dropped.add('repeated text');
    else {
      seen.add(key);
      yield passage;
    }
  }
}
