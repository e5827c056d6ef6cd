/** MuSiQue: from linear three-hop rows to drafts of examples, one condition at a time. */
import { seededRandom } from '#activities/random/seeded.ts';
import { readMusiqueRows, readPool } from '#activities/source/index.ts';
import { DatasetError } from '../errors.ts';
import { PassageRetriever } from '../retriever.ts';
import type { TaskRequest, TaskRow } from '../task.ts';
import { realDraft } from './real.ts';
import { symbolicDraft } from './symbolic.ts';

/** Rows of a MuSiQue source artifact with the draft of their example in one condition. */
export async function* musiqueRows({ sourceDir, condition, split, seed }: TaskRequest): AsyncGenerator<TaskRow> {
  const pool = new PassageRetriever(await readPool(sourceDir));
  for await (const row of readMusiqueRows(sourceDir, split)) {
    yield {
      id: row.id,
      real: () => realDraft(row, pool),
      draft: () => {
        if (condition === 'real' || condition === 'limited') return realDraft(row, pool);
        if (condition === 'symbolic') return symbolicDraft(seededRandom('musique', condition, seed, row.id));
        throw new DatasetError(`condition: found "${condition}", allowed for musique: real, limited, symbolic (the written conditions are not there yet)`);
      },
      // Paper, C.1: questions of triples only.
      unfit: condition === 'limited' && row.hops.some(({ triple }) => triple === null) ? 'question with a hop in words' : undefined,
      generator: condition === 'symbolic' ? 'random symbols' : 'imported',
    };
  }
}
