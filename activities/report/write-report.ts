import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ArtifactStore } from '#infra/artifacts/store.ts';
import type { Recipe, StageResult } from '#workflows/contracts/artifacts.ts';
import { SweepResults } from '#workflows/contracts/report.ts';
import { parse } from '#workflows/contracts/parse.ts';
import { ReportRequest } from '#workflows/contracts/requests.ts';
import { requestedReport } from '#workflows/plan/report.ts';
import { analyseSweep } from '../analysis/index.ts';
import type { ActivityContext } from '../stage/context.ts';
import { toFailure } from '../stage/failures.ts';
import { runStage, type StageWork } from '../stage/run-stage.ts';
import { stoppable } from '../stage/stoppable.ts';
import { collectSweep } from './collect.ts';
import { renderReport, resultsJson } from './index.ts';
import { writeFigures } from './figures/write-figures.ts';
import { tableFiles } from './table-files.ts';

/** The analysis over a sweep's artifacts: `results.json`, the page `report.html`, and each of the paper's tables as CSV and LaTeX, each figure as SVG and PNG. */
export async function writeReport(context: ActivityContext, given: ReportRequest): Promise<StageResult> {
  const recipe = recipeOf(given);
  return runStage(context, 'report', { recipe }, async ({ outputFolder, progress, wasRead, signal }) => {
    const { settings } = await reportInto(outputFolder, context.store, recipe, { progress: stoppable({ progress, signal }), wasRead });
    const cells = settings.flatMap((setting) => setting.cells);
    return { summary: { settings: settings.length, cells: cells.length, cellsDone: cells.filter(({ status }) => status === 'done').length } };
  });
}

type Watch = Partial<Pick<StageWork, 'progress' | 'wasRead'>>;

/** Writes every file of a report into a folder, from the artifacts of its recipe alone; the same artifacts give the same bytes. */
export async function reportInto(outputFolder: string, store: ArtifactStore, recipe: Recipe, { progress, wasRead }: Watch = {}): Promise<SweepResults> {
  progress?.({ phase: 'reading artifacts', done: 0, total: 2, unit: 'steps' });
  const files = await collectSweep(store, recipe, wasRead);
  progress?.({ phase: 'writing the report', done: 1, total: 2, unit: 'steps' });
  const results = parse(SweepResults, analyseSweep(files), 'results.json');
  await writeFile(join(outputFolder, 'results.json'), resultsJson(results));
  await writeFile(join(outputFolder, 'report.html'), await renderReport(results));
  for (const [name, text] of tableFiles(results.paper)) {
    await mkdir(dirname(join(outputFolder, name)), { recursive: true });
    await writeFile(join(outputFolder, name), text);
  }
  await writeFigures(outputFolder, results, (done, total) => progress?.({ phase: 'drawing figures', done, total, unit: 'figures' }));
  return results;
}

function recipeOf(given: ReportRequest): Recipe {
  try {
    return requestedReport(parse(ReportRequest, given, 'the request of a report'));
  } catch (error) {
    throw toFailure(error);
  }
}
