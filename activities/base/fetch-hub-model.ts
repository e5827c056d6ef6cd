import { copyFile, link, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Hub, HubModel } from '#infra/hub/hub.ts';
import { checkIndex, INDEX, modelFiles } from '#infra/hub/model-files.ts';
import type { StageWork } from '../stage/run-stage.ts';

/**
 * Fetches a model's files into `outputFolder`: settings and index first, so that what is missing is known before the weights.
 * Files that are there already are not fetched again, and a broken one is gone on with. Progress is in bytes of all files.
 */
export async function fetchHubModel(hub: Hub, model: HubModel, { outputFolder, progress, signal }: Pick<StageWork, 'outputFolder' | 'progress' | 'signal'>): Promise<void> {
  const name = `${model.id} at ${model.revision.slice(0, 12)}`;
  const all = await hub.list(model, { signal });
  const files = modelFiles(all, name);
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  for (const file of files) {
    const tell = (bytes: number) => progress({ phase: `fetching ${file.path}`, done: done + bytes, total, unit: 'bytes' });
    tell(0);
    const copy = await hub.fetch(model, file, { signal, onProgress: ({ bytes }) => tell(bytes) });
    if (file.path === INDEX) checkIndex(await readFile(copy.file, 'utf8'), all, name);
    await place(copy.file, join(outputFolder, file.path));
    done += file.bytes;
    tell(0);
  }
  await writeFile(join(outputFolder, 'origin.json'), `${JSON.stringify({ origin: `${model.id} of the Hugging Face hub, revision ${model.revision}`, seededInduction: null })}\n`);
}

/** A second name for a file that nobody changes; a copy where the disk is another one. */
async function place(file: string, target: string): Promise<void> {
  await link(file, target).catch(() => copyFile(file, target));
}
