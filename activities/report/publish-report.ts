import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from '#workflows/contracts/parse.ts';
import { PublishRequest, type PublishResult } from '#workflows/contracts/requests.ts';
import type { ActivityContext } from '../stage/context.ts';
import { toFailure } from '../stage/failures.ts';
import { discarded } from '../stage/run-stage.ts';

/** Copies a finished report to the reports folder of this worker, where a person can open it from disk. */
export async function publishReport(context: ActivityContext, given: PublishRequest): Promise<PublishResult> {
  const { store, reportsFolder } = context;
  try {
    const { report, sweep } = parse(PublishRequest, given, 'the report to publish');
    const source = await store.fetch({ kind: report.stage, key: report.key });
    // A workflow id is free text; it must not lead out of the reports folder.
    const folder = join(reportsFolder, sweep.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^\.+/, '-'));
    await mkdir(folder, { recursive: true });
    for (const name of ['report.html', 'results.json']) await copyFile(join(source, name), join(folder, name));
    return { reportFile: join(folder, 'report.html'), resultsFile: join(folder, 'results.json') };
  } catch (error) {
    throw toFailure(await discarded(context, error));
  }
}
