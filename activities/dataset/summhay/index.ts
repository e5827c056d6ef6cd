/** SummHay Citation: from insights and documents to drafts of examples, one condition at a time. */
import { seededRandom } from '#activities/random/seeded.ts';
import { DOCUMENTS, readDocuments, readSummhayRows } from '#activities/source/index.ts';
import { DataKind, dimensionsOf } from '#workflows/contracts/experiment.ts';
import type { SummhayDocument, SummhayRow } from '#workflows/contracts/source.ts';
import { authoredSource } from '../authored.ts';
import { DatasetError } from '../errors.ts';
import type { TaskRequest, TaskRow } from '../task.ts';
import { HIGHEST_NUMBER } from './numbers.ts';
import { realDraft } from './real.ts';
import { required } from '../writings.ts';
import { LIST_LENGTH, symbolicDraft } from './symbolic.ts';
import { syntheticDraft } from './synthetic.ts';
import { writtenDraft } from './written.ts';

/** Rows of a SummHay source artifact with the draft of their example in one condition. */
export async function* summhayRows({ sourceDir, condition, split, seed, writings, options: { listLength = LIST_LENGTH, highestDocumentNumber = HIGHEST_NUMBER, documents: count = DOCUMENTS } }: TaskRequest): AsyncGenerator<TaskRow> {
  const byTopic = Map.groupBy(await readDocuments(sourceDir), ({ topic }) => topic);
  const dimensions = dimensionsOf(condition);
  const haystack = { documents: count, highestNumber: highestDocumentNumber };
  const authored = authoredSource(split);
  // Of the training split only: a test insight is never seen in training.
  const insights = dimensions?.diversity === 'high' ? await trainingInsights(sourceDir) : null;
  for await (const row of readSummhayRows(sourceDir, split)) {
    const documents: readonly SummhayDocument[] = byTopic.get(row.topic) ?? [];
    const { fact } = row;
    const written = dimensions !== null && fact === undefined;
    // Which documents an insight is asked about is the same in every condition.
    const real = () => realDraft(row, documents, haystack, authored, seededRandom('summhay', 'real', seed, row.id));
    yield {
      id: row.id,
      source: row,
      real,
      draft: () => {
        if (condition === 'limited') throw new DatasetError(`condition: found "limited", allowed for summhay: ${DataKind.options.filter((other) => other !== 'limited').join(', ')}`);
        const random = seededRandom('summhay', condition, seed, row.id);
        if (condition === 'symbolic') return symbolicDraft(random, listLength, haystack);
        if (dimensions === null) return real();
        if (fact) return syntheticDraft({ ...row, fact }, dimensions, haystack, authored, seededRandom('summhay needle', dimensions.expression, seed, row.id), random);
        return writtenDraft(row, dimensions.diversity, required(writings, 'summhay', condition), insights?.get(row.topic) ?? [], haystack, random);
      },
      written,
      generator: condition === 'symbolic' ? 'random symbols' : fact ? 'miniature templates' : written && writings ? writings.writer : 'imported',
    };
  }
}

async function trainingInsights(sourceDir: string): Promise<Map<string, SummhayRow[]>> {
  const rows: SummhayRow[] = [];
  for await (const row of readSummhayRows(sourceDir, 'train')) rows.push(row);
  return Map.groupBy(rows, ({ topic }) => topic);
}
