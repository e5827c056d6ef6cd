/** SummHay Citation: from insights and documents to drafts of examples, one condition at a time. */
import { seededRandom } from '#activities/random/seeded.ts';
import { readDocuments, readSummhayRows } from '#activities/source/index.ts';
import type { SummhayDocument } from '#workflows/contracts/source.ts';
import { DatasetError } from '../errors.ts';
import type { TaskRequest, TaskRow } from '../task.ts';
import { realDraft } from './real.ts';
import { LIST_LENGTH, symbolicDraft } from './symbolic.ts';

/** Rows of a SummHay source artifact with the draft of their example in one condition. */
export async function* summhayRows({ sourceDir, condition, split, seed, options: { listLength = LIST_LENGTH } }: TaskRequest): AsyncGenerator<TaskRow> {
  const byTopic = Map.groupBy(await readDocuments(sourceDir), ({ topic }) => topic);
  for await (const row of readSummhayRows(sourceDir, split)) {
    const documents: readonly SummhayDocument[] = byTopic.get(row.topic) ?? [];
    // Which documents an insight is asked about is the same in every condition.
    const real = () => realDraft(row, documents, seededRandom('summhay', 'real', seed, row.id));
    yield {
      id: row.id,
      real,
      draft: () => {
        if (condition === 'real') return real();
        if (condition === 'symbolic') return symbolicDraft(seededRandom('summhay', condition, seed, row.id), listLength);
        throw new DatasetError(`condition: found "${condition}", allowed for summhay: real, symbolic (the written conditions are not there yet)`);
      },
      generator: condition === 'symbolic' ? 'random symbols' : 'imported',
    };
  }
}
