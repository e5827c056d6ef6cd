/** In which order passages of the pool are offered: by BM25, or by a ranking made before. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DatasetError } from '#activities/dataset/index.ts';
import { openRetriever, PassageRetriever } from '#activities/dataset/retriever.ts';
import { SourceError } from '#activities/source/index.ts';
import { emptyFolder, writeSource } from './support.ts';

const pool = [
  { title: 'River', text: 'A river flows.' },
  { title: 'Tower', text: 'A tower of stone.' },
  { title: 'Mill', text: 'The mill grinds.' },
  { title: 'Stone', text: 'A stone tower near a mill.' },
  { title: 'Sea', text: 'Waves.' },
];
const question = 'Where is the stone tower?';
const titles = (retriever: PassageRetriever) => [...retriever.ranked(question)].map(({ title }) => title);

describe('PassageRetriever', () => {
  it('ranks by the words that passages share with the question, each passage once', () => {
    expect(titles(new PassageRetriever(pool)).slice(0, 2).sort()).toEqual(['Stone', 'Tower']);
    expect(titles(new PassageRetriever(pool)).slice(2)).toEqual(['River', 'Mill', 'Sea']);
  });

  it('offers what was ranked before first, and the rest behind it as BM25 would', () => {
    expect(titles(new PassageRetriever(pool, new Map([[question, [4, 1]]])))).toEqual(['Sea', 'Tower', 'Stone', 'River', 'Mill']);
    expect(titles(new PassageRetriever(pool, new Map([[question, []]])))).toEqual(titles(new PassageRetriever(pool)));
  });

  it('refuses a ranking of another source', () => {
    const refused = (ranking: Map<string, number[]>, message: RegExp) => {
      const error = (() => {
        try {
          return titles(new PassageRetriever(pool, ranking));
        } catch (thrown) {
          return thrown;
        }
      })();
      expect(error).toBeInstanceOf(DatasetError);
      expect((error as Error).message).toMatch(message);
    };
    refused(new Map(), /ranking: found nothing for the question "Where is the stone tower\?", allowed: a ranking of the same source/);
    refused(new Map([[question, [0, 5]]]), /ranking: found passage 5, allowed: 0 to 4/);
  });
});

describe('openRetriever', () => {
  it('reads the pool and, where there is one, the ranking', async () => {
    const [sourceDir, rankingDir] = [await emptyFolder(), await emptyFolder()];
    await writeSource(sourceDir, {}, pool);
    await writeFile(join(rankingDir, 'ranking.jsonl'), `${JSON.stringify({ id: 'a', question, passages: [2, 0] })}\n`);
    expect(titles(await openRetriever(sourceDir, undefined))).toEqual(titles(new PassageRetriever(pool)));
    expect(titles(await openRetriever(sourceDir, rankingDir)).slice(0, 2)).toEqual(['Mill', 'River']);
    await writeFile(join(rankingDir, 'ranking.jsonl'), '{"id": "a", "question": "b", "passages": [-1]}\n');
    await expect(openRetriever(sourceDir, rankingDir)).rejects.toThrow(SourceError);
  });
});
