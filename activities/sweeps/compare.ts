import { SweepComparison } from '#workflows/contracts/comparison.ts';
import { parse } from '#workflows/contracts/parse.ts';
import { compareSweeps, type NamedFiles } from '../analysis/comparison.ts';
import { collectSweep } from '../report/collect.ts';
import { presentRecipe, type SweepStore } from './rebuild.ts';
import { readSweep } from './records.ts';

/** Two sweeps of the store side by side, as far as each has come. @throws InvalidInput for a sweep that the store does not know */
export async function compareStored(sweeps: SweepStore, a: string, b: string): Promise<SweepComparison> {
  const records = [await readSweep(sweeps.documents, a), await readSweep(sweeps.documents, b)];
  const named: NamedFiles[] = [];
  for (const record of records) named.push({ sweep: record.sweep, files: await collectSweep(sweeps.store, await presentRecipe(sweeps, record)) });
  return parse(SweepComparison, compareSweeps(named[0]!, named[1]!), 'comparison.json');
}
