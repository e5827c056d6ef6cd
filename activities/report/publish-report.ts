import { join } from 'node:path';
import { parse } from '#workflows/contracts/parse.ts';
import { PublishRequest, type PublishResult } from '#workflows/contracts/requests.ts';
import type { ActivityContext } from '../stage/context.ts';
import { toFailure } from '../stage/failures.ts';
import { discarded } from '../stage/run-stage.ts';
import { publishFiles, publishIndex, REPORT_FILE, RESULTS_FILE } from '../sweeps/publish.ts';
import { recordReport } from '../sweeps/records.ts';

/** Copies a finished report to the reports folder of this worker, where a person can open it from disk, and renews the index there. */
export async function publishReport(context: ActivityContext, given: PublishRequest): Promise<PublishResult> {
  const { store, documents, reportsFolder, places = { artifacts: store.url, workflows: null } } = context;
  try {
    const { report, sweep } = parse(PublishRequest, given, 'the report to publish');
    const folder = await publishFiles(reportsFolder, sweep, await store.fetch({ kind: report.stage, key: report.key }), places);
    await recordReport(documents, sweep, report);
    await publishIndex(reportsFolder, context);
    return { reportFile: join(folder, REPORT_FILE), resultsFile: join(folder, RESULTS_FILE) };
  } catch (error) {
    throw toFailure(await discarded(context, error));
  }
}
