/** MDQA's own haystack, paraphrased: gold passages and the distractors that real contexts would hold (paper, section 3.2). */
import type { Passage } from '#workflows/contracts/source.ts';
import type { WrittenPassage } from '#workflows/contracts/writing.ts';
import { openRetriever } from '../../dataset/retriever.ts';
import { mdqaDistractors } from '../../source/distractors.ts';
import { readMdqaRows } from '../../source/artifact.ts';
import { checked, length, words } from '../checks.ts';
import type { Item, WritingRequest } from '../item.ts';
import { passageKey } from '../keys.ts';
import { readPlain } from '../reply.ts';

/** A paraphrase has between a third of the words of its passage and three times as many. */
const SPREAD = 3;

/** Each passage once, however many contexts hold it. The paper gives no prompt for this; A.5, its prompt for rephrasing, is taken. */
export async function* mdqaPassages({ sourceDir, rankingDir, passages: count }: WritingRequest): AsyncGenerator<Item<WrittenPassage>> {
  const pool = await openRetriever(sourceDir, rankingDir);
  const seen = new Set<string>();
  let rows = 0;
  for await (const row of readMdqaRows(sourceDir, 'train only')) {
    rows += 1;
    let taken = 0;
    for (const passage of [row.gold, ...mdqaDistractors(row, () => pool.ranked(row.question))]) {
      if (taken++ > count) break;
      const key = passageKey(passage.text);
      if (seen.has(key)) continue;
      seen.add(key);
      yield paraphrase(key, rows, passage);
    }
  }
}

function paraphrase(key: string, row: number, { title, text }: Passage): Item<WrittenPassage> {
  const original = words(text);
  return {
    id: key,
    row,
    write: async (writer) => ({
      of: key,
      title,
      text: await writer.write('A.5', { text }, (reply) => checked(readPlain(reply), (said) => length(said, Math.floor(original / SPREAD), original * SPREAD + 10))),
    }),
  };
}
