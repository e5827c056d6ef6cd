/** MuSiQue: from linear rows of three hops (or two) to drafts of examples, one condition at a time. */
import { seededRandom } from '#activities/random/seeded.ts';
import { readMusiqueRows } from '#activities/source/index.ts';
import { dimensionsOf } from '#workflows/contracts/experiment.ts';
import { authoredSource } from '../authored.ts';
import { openRetriever } from '../retriever.ts';
import type { TaskRequest, TaskRow } from '../task.ts';
import { factsOf } from './facts.ts';
import { realDraft } from './real.ts';
import { required } from '../writings.ts';
import { ENTRIES, symbolicDraft } from './symbolic.ts';
import { syntheticDraft } from './synthetic.ts';
import { writtenDraft } from './written.ts';

/** Rows of a MuSiQue source artifact with the draft of their example in one condition. */
export async function* musiqueRows({ sourceDir, rankingDir, condition, split, seed, writings, options: { dictionaryEntries = ENTRIES } }: TaskRequest): AsyncGenerator<TaskRow> {
  const pool = await openRetriever(sourceDir, rankingDir);
  const dimensions = dimensionsOf(condition);
  const authored = authoredSource(split);
  for await (const row of readMusiqueRows(sourceDir, split)) {
    const facts = factsOf(row);
    const written = dimensions !== null && facts === null;
    yield {
      id: row.id,
      source: row,
      real: () => realDraft(row, pool),
      draft: () => {
        const random = seededRandom('musique', condition, seed, row.id);
        if (condition === 'symbolic') return symbolicDraft(random, row.hops.length, dictionaryEntries);
        if (dimensions === null) return realDraft(row, pool);
        if (facts) return syntheticDraft({ ...row, facts }, dimensions, authored, seededRandom('musique needle', dimensions.expression, seed, row.id), random);
        return writtenDraft(row, dimensions, required(writings, 'musique', condition), random);
      },
      // Paper, C.1: questions of triples only.
      unfit: condition === 'limited' && row.hops.some(({ triple }) => triple === null) ? 'question with a hop in words' : undefined,
      written,
      generator: condition === 'symbolic' ? 'random symbols' : facts ? 'miniature templates' : written && writings ? writings.writer : 'imported',
    };
  }
}
