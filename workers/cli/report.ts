import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { summaryTable } from '#activities/report/index.ts';
import { reportInto } from '#activities/report/write-report.ts';
import { overview } from '#activities/sweeps/overview.ts';
import { publishFiles, publishIndex, publishInto, REPORT_FILE } from '#activities/sweeps/publish.ts';
import { presentRecipe, type SweepStore } from '#activities/sweeps/rebuild.ts';
import { readSweep } from '#activities/sweeps/records.ts';
import { homeFrom } from '../home.ts';
import { placesFrom } from '../places.ts';
import { sweepsTable } from './sweeps-table.ts';
import { withSweeps } from './sweep-store.ts';

/**
 * `needlework report [SWEEP]`: the report over what the store has of a sweep now, finished or not, made from the store alone. Without
 * a sweep: the list of those that the store has, and their index as a page.
 */
export async function report(sweep: string | undefined, { out }: { out?: string } = {}): Promise<void> {
  const home = homeFrom(process.env);
  await withSweeps(home, process.env, async (sweeps) => {
    if (sweep === undefined) {
      console.log(`${sweepsTable(await overview(sweeps), sweeps.where).join('\n')}\n\nindex: ${await publishIndex(home.reportsFolder, sweeps)}`);
      return;
    }
    const places = await placesFrom(home, process.env);
    const folder = await rebuilt(sweeps, sweep, (source) => (out === undefined ? publishFiles(home.reportsFolder, sweep, source, places) : publishInto(resolve(out), source, { clear: false, sweep, places })));
    if (out === undefined) await publishIndex(home.reportsFolder, sweeps);
    console.log(`report: ${join(folder, REPORT_FILE)}`);
  });
}

/** Makes a report in a folder of its own, shows its table, and hands the folder on. */
async function rebuilt(sweeps: SweepStore, sweep: string, publish: (source: string) => Promise<string>): Promise<string> {
  const recipe = await presentRecipe(sweeps, await readSweep(sweeps.documents, sweep));
  const source = await mkdtemp(join(tmpdir(), 'needlework-report-'));
  try {
    console.log(`${summaryTable(await reportInto(source, sweeps.store, recipe)).join('\n')}\n`);
    return await publish(source);
  } finally {
    await rm(source, { recursive: true, force: true });
  }
}
