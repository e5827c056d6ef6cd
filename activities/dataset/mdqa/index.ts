/** MDQA: from source rows to drafts of examples, one condition at a time. */
import { seededRandom } from '#activities/random/seeded.ts';
import { readMdqaRows } from '#activities/source/index.ts';
import { type DataKind, type Dimensions, dimensionsOf } from '#workflows/contracts/experiment.ts';
import type { Fact, MdqaRow } from '#workflows/contracts/source.ts';
import { authoredSource } from '../authored.ts';
import type { TaskRequest, TaskRow } from '../task.ts';
import { unfitFor } from './limited.ts';
import { realDraft } from './real.ts';
import { openRetriever } from '../retriever.ts';
import { symbolicDraft } from './symbolic.ts';
import { required } from '../writings.ts';
import { syntheticDraft } from './synthetic.ts';
import { writtenDraft } from './written.ts';

/** Rows of an MDQA source artifact with the draft of their example in one condition. */
export async function* mdqaRows({ sourceDir, rankingDir, condition, split, seed, writings, options: { limited = 'L1' } }: TaskRequest): AsyncGenerator<TaskRow> {
  const pool = await openRetriever(sourceDir, rankingDir);
  const dimensions = dimensionsOf(condition);
  const stated = dimensions && statedDrafts(dimensions, condition, split, seed);
  for await (const row of readMdqaRows(sourceDir, split)) {
    const written = dimensions !== null && row.fact === undefined;
    yield {
      id: row.id,
      source: row,
      real: () => realDraft(row, pool),
      draft: () => {
        if (condition === 'symbolic') return symbolicDraft(seededRandom('mdqa', condition, seed, row.id));
        if (dimensions === null) return realDraft(row, pool);
        if (stated && row.fact) return stated({ ...row, fact: row.fact });
        return writtenDraft(row, dimensions, required(writings, 'mdqa', condition), pool, seededRandom('mdqa', condition, seed, row.id));
      },
      unfit: condition === 'limited' ? unfitFor(limited, row.question) : undefined,
      written,
      generator: condition === 'symbolic' ? 'random symbols' : row.fact ? 'miniature templates' : written && writings ? writings.writer : 'imported',
    };
  }
}

/** Drafts of authored questions, whose facts are known. */
function statedDrafts(dimensions: Dimensions, condition: DataKind, split: 'train' | 'test', seed: number) {
  const source = authoredSource(split);
  return (row: MdqaRow & { fact: Fact }) => {
    const { expression } = dimensions;
    return syntheticDraft(row, dimensions, source, seededRandom('mdqa needle', expression, seed, row.id), seededRandom('mdqa', condition, seed, row.id));
  };
}
