/** MDQA: from source rows to drafts of examples, one condition at a time. */
import { seededRandom } from '#activities/random/seeded.ts';
import { readMdqaRows, readPool } from '#activities/source/index.ts';
import { namesOf } from '#activities/source/miniature/names.ts';
import { miniatureWorld } from '#activities/source/miniature/world.ts';
import type { Condition } from '#workflows/contracts/experiment.ts';
import type { MdqaRow } from '#workflows/contracts/source.ts';
import { DatasetError } from '../errors.ts';
import type { TaskRequest, TaskRow } from '../task.ts';
import { unfitFor } from './limited.ts';
import { realDraft } from './real.ts';
import { PassageRetriever } from '../retriever.ts';
import { symbolicDraft } from './symbolic.ts';
import { type SyntheticCondition, syntheticDraft } from './synthetic.ts';

const SYNTHETIC: Partial<Record<Condition, SyntheticCondition>> = {
  'high/high': { expression: 'high', diversity: 'high' },
  'high/low': { expression: 'high', diversity: 'low' },
  'low/high': { expression: 'low', diversity: 'high' },
  'low/low': { expression: 'low', diversity: 'low' },
};

/** Rows of an MDQA source artifact with the draft of their example in one condition. */
export async function* mdqaRows({ sourceDir, condition, split, seed, options: { limited = 'L1' } }: TaskRequest): AsyncGenerator<TaskRow> {
  const pool = new PassageRetriever(await readPool(sourceDir));
  const synthetic = SYNTHETIC[condition];
  const draftOf = synthetic ? syntheticDrafts(synthetic, condition, split, seed) : null;
  for await (const row of readMdqaRows(sourceDir, split)) {
    yield {
      id: row.id,
      real: () => realDraft(row, pool),
      draft: () => {
        if (condition === 'real' || condition === 'limited') return realDraft(row, pool);
        if (condition === 'symbolic') return symbolicDraft(seededRandom('mdqa', condition, seed, row.id));
        if (draftOf === null) throw new DatasetError(`condition: found "${condition}", allowed for mdqa: real, limited, ${Object.keys(SYNTHETIC).join(', ')}, symbolic`);
        return draftOf(row);
      },
      unfit: condition === 'limited' ? unfitFor(limited, row.question) : undefined,
      generator: condition === 'symbolic' ? 'random symbols' : row.fact ? 'miniature templates' : 'imported',
    };
  }
}

function syntheticDrafts(synthetic: SyntheticCondition, condition: Condition, split: 'train' | 'test', seed: number) {
  const world = miniatureWorld();
  const names = namesOf(world, split);
  return ({ fact, ...row }: MdqaRow) => {
    if (fact === undefined) {
      throw new DatasetError(
        `condition: found "${condition}", allowed with this source: real, limited, symbolic (its rows state no facts to write the needles of other conditions from; row ${row.id})`,
      );
    }
    return syntheticDraft({ ...row, fact }, synthetic, { world, names }, seededRandom('mdqa', condition, seed, row.id));
  };
}
