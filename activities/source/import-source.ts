import { z } from 'zod';
import { UnexpectedBytes } from '#infra/downloads/errors.ts';
import type { StageResult, Summary } from '#workflows/contracts/artifacts.ts';
import { Task } from '#workflows/contracts/experiment.ts';
import { parse } from '#workflows/contracts/parse.ts';
import type { StageRequest } from '#workflows/contracts/requests.ts';
import { Examples, SPARE_SHARE } from '#workflows/contracts/spec.ts';
import { ownTask } from '#workflows/tasks/lookup.ts';
import { localFile } from '../inputs/local-file.ts';
import type { ActivityContext } from '../stage/context.ts';
import { hopeless } from '../stage/failures.ts';
import { runStage, type StageWork } from '../stage/run-stage.ts';
import { stoppable } from '../stage/stoppable.ts';
import { importExamples, importMusique, importNqOpen, importRows, importSummhay, writeMiniature } from './index.ts';

const rows = { task: Task, trainRows: z.int(), testRows: z.int() };
const imported = { ...rows, spareShare: Examples.shape.spareShare.unwrap().optional() };
const Params = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('miniature'), ...rows, world: z.string(), hops: z.literal([2, 3]).optional() }),
  z.strictObject({ kind: z.literal('nq-open'), ...imported, questions: z.string(), pool: z.string().optional() }),
  z.strictObject({ kind: z.literal('musique'), ...imported, questions: z.array(z.string()).min(1), pool: z.string().optional() }),
  z.strictObject({ kind: z.literal('summhay'), ...imported, topics: z.array(z.string()).min(1) }),
  z.strictObject({ kind: z.literal('rows'), ...imported, train: z.string(), test: z.string() }),
  z.strictObject({ kind: z.literal('examples'), ...imported, examples: z.string(), test: z.string().optional() }),
]);

/** Source rows of a task: imported and checked, or authored; split into training and test questions. */
export function importSource(context: ActivityContext, { recipe, force, locations }: StageRequest): Promise<StageResult> {
  return runStage(context, 'source', { recipe, force }, async ({ outputFolder, progress, signal }) => ({ summary: await importInto(outputFolder, context, { recipe, locations }, { progress, signal }) }));
}

type Watch = Pick<StageWork, 'progress' | 'signal'>;

/** Does the work of a source stage: writes the files of its artifact into a folder. */
export async function importInto(outputDir: string, means: Pick<ActivityContext, 'baseFolder' | 'downloads'>, { recipe, locations }: Pick<StageRequest, 'recipe' | 'locations'>, watch: Watch): Promise<Summary> {
  const params = parse(Params, recipe.params, 'the parameters of a source stage');
  const asked = { seed: recipe.seed, trainRows: params.trainRows, testRows: params.testRows, outputDir };
  const spare = 'spareShare' in params && params.spareShare !== undefined ? { spareShare: params.spareShare } : {};
  const file = (sha256: string) => located(means, locations, sha256, watch);
  const files = (hashes: readonly string[]) => Promise.all(hashes.map(file));
  const pool = 'pool' in params && params.pool !== undefined ? { poolFile: await file(params.pool) } : {};
  const progress = stoppable(watch);
  switch (params.kind) {
    case 'miniature':
      return writeMiniature({ ...asked, task: params.task, ...(params.hops && { hops: params.hops }) }, progress);
    case 'nq-open':
      return importNqOpen({ ...asked, ...spare, ...pool, questionsFile: await file(params.questions) }, progress);
    case 'musique':
      return importMusique({ ...asked, ...spare, ...pool, questionsFiles: await files(params.questions) }, progress);
    case 'summhay':
      return importSummhay({ ...asked, ...spare, topicFiles: await files(params.topics) }, progress);
    case 'rows': {
      const task = ownTask(params.task);
      if (task === undefined) throw hopeless('InvalidInput', `task: found "${params.task}", allowed with source "rows": a task of one's own (workflows/tasks/index.ts)`);
      return importRows({ ...asked, spareShare: params.spareShare ?? SPARE_SHARE, task, trainFile: await file(params.train), testFile: await file(params.test) }, progress);
    }
    case 'examples':
      return importExamples({ ...asked, task: params.task, examplesFile: await file(params.examples), ...(params.test !== undefined && { testFile: await file(params.test) }) }, progress);
  }
}

/** Local path of the file with this SHA-256, checked again: it may have changed since the sweep was planned. */
async function located(means: Pick<ActivityContext, 'baseFolder' | 'downloads'>, locations: StageRequest['locations'], sha256: string, watch: Watch): Promise<string> {
  const location = locations[sha256];
  if (location === undefined) throw hopeless('SourceError', `no location was given for the file with SHA-256 ${sha256}`);
  const found = await localFile(means, location, { sha256, ...watch }).catch((error: unknown) => {
    throw error instanceof UnexpectedBytes ? hopeless('SourceError', `${error.message}, which it had when the sweep was started; start it again`) : error;
  });
  if (found.sha256 !== sha256) throw hopeless('SourceError', `${location} changed after the sweep was started; start it again`);
  return found.file;
}
