import { join } from 'node:path';
import { Ranked } from '#workflows/contracts/source.ts';
import { readJsonLines } from '../source/index.ts';

/** By question: indices of the pool's passages that are most like it, best first. */
export type Ranking = ReadonlyMap<string, readonly number[]>;

/** The ranking of a rank artifact. @throws SourceError naming file, row and field */
export async function readRanking(rankingDir: string): Promise<Ranking> {
  const ranking = new Map<string, readonly number[]>();
  for await (const { value: { question, passages } } of readJsonLines(Ranked, join(rankingDir, 'ranking.jsonl'))) ranking.set(question, passages);
  return ranking;
}
