/** Reports where a person opens them: a folder for each sweep, and an index of all. */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { listFiles } from '#infra/artifacts/files.ts';
import { type Places, withPlaces } from '../report/places.ts';
import { sweepFolder } from './folder.ts';
import { indexPage } from './index-page.ts';
import { overview } from './overview.ts';
import type { SweepStore } from './rebuild.ts';

export const REPORT_FILE = 'report.html';
export const RESULTS_FILE = 'results.json';

/** Copies the files of a report to a sweep's folder below `reportsFolder`, links filled in, and removes what an earlier report left there. Returns the folder. */
export async function publishFiles(reportsFolder: string, sweep: string, source: string, places: Places): Promise<string> {
  return publishInto(join(reportsFolder, sweepFolder(sweep)), source, { sweep, places });
}

/** The same into a folder of one's own choice, where further files stay as they are. */
export async function publishInto(folder: string, source: string, { clear = true, sweep, places }: { clear?: boolean; sweep: string; places: Places }): Promise<string> {
  const names = listFiles(source).filter((name) => !name.startsWith('.'));
  for (const name of names) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    // Whoever has the page open, or reads results.json, sees the old one or the new one, whole.
    const partial = join(folder, `${name}.partial-${process.pid}`);
    if (name === REPORT_FILE) await writeFile(partial, withPlaces(await readFile(join(source, name), 'utf8'), places, { folder, sweep }));
    else await copyFile(join(source, name), partial);
    await rename(partial, join(folder, name));
  }
  const isKept = (name: string) => name.includes('.partial-') || names.some((kept) => kept === name || kept.startsWith(`${name}/`));
  if (clear) for (const name of await readdir(folder)) if (!isKept(name)) await rm(join(folder, name), { recursive: true, force: true });
  return folder;
}

/** Writes the index of the store's sweeps, each with a link to its report where that lies here. Returns its file. */
export async function publishIndex(reportsFolder: string, sweeps: SweepStore): Promise<string> {
  const rows = (await overview(sweeps)).map((row) => {
    const folder = sweepFolder(row.sweep);
    return { ...row, page: existsSync(join(reportsFolder, folder, REPORT_FILE)) ? `${encodeURIComponent(folder)}/${REPORT_FILE}` : null };
  });
  await mkdir(reportsFolder, { recursive: true });
  const file = join(reportsFolder, 'index.html');
  const partial = `${file}.partial-${process.pid}`;
  await writeFile(partial, indexPage(rows));
  await rename(partial, file);
  return file;
}
