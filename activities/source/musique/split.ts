/** Test and training rows that share no hop: MuSiQue composes its questions from a stock of single-hop ones. */
import type { MusiqueRow } from '#workflows/contracts/source.ts';
import { normalise } from '../answers.ts';
import { orderKey } from '../order.ts';

export interface HopDisjointSplit {
  /** At most `testRows` rows and, behind them, `spareRows` more; each in the order of the seed. */
  test: MusiqueRow[];
  /** All rows that share no hop with any test row, in the order of the seed. */
  train: MusiqueRow[];
  /** Rows on neither side. */
  sharing: number;
}

/**
 * Test rows come from the smallest groups of rows that hang together by hops, groups of one size in the order of the seed:
 * these cost training fewest rows, and no hop is tested over and over. Does not depend on the order of `rows`, nor do the
 * first `testRows` on the number of spare ones.
 */
export function splitByHops(rows: readonly MusiqueRow[], testRows: number, spareRows: number, seed: number): HopDisjointSplit {
  const ordered = rows.map((row) => ({ row, key: orderKey(seed, row.id) })).sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ row }) => row);
  // Groups are in the order of their first rows, and sorting by size is stable.
  const groups = groupsOf(ordered).sort((a, b) => a.length - b.length);
  const [first, spare] = [groups.flat().slice(0, testRows), groups.flat().slice(testRows, testRows + spareRows)];
  const chosen = new Set([...first, ...spare]);
  const tested = new Set([...chosen].flatMap(hopsOf));
  const test = [first, spare].flatMap((some) => ordered.filter((row) => some.includes(row)));
  const train = ordered.filter((row) => !chosen.has(row) && !hopsOf(row).some((hop) => tested.has(hop)));
  return { test, train, sharing: rows.length - test.length - train.length };
}

/** Rows that hang together by shared hops, directly or through others. */
function groupsOf(rows: readonly MusiqueRow[]): MusiqueRow[][] {
  const parents = new Map<string, string>();
  const root = (hop: string): string => {
    let at = hop;
    for (let up = parents.get(at); up !== undefined && up !== at; up = parents.get(at)) at = up;
    return at;
  };
  for (const row of rows) {
    const [first, ...others] = hopsOf(row) as [string, ...string[]];
    for (const hop of others) parents.set(root(hop), root(first));
  }
  return [...Map.groupBy(rows, (row) => root(hopsOf(row)[0] as string)).values()];
}

/** What makes two hops the same: the number of the component question, or its words and answer. */
export function hopsOf({ hops }: MusiqueRow): string[] {
  return hops.flatMap(({ id, question, answer }) => [`id ${id}`, ...(question.includes('#') ? [] : [`${normalise(question)} = ${normalise(answer)}`])]);
}
