import { resolve } from 'node:path';
import { z } from 'zod';
import { digestFile } from '#infra/artifacts/files.ts';
import type { StageResult } from '#workflows/contracts/artifacts.ts';
import { Task } from '#workflows/contracts/experiment.ts';
import { parse } from '#workflows/contracts/parse.ts';
import type { StageRequest } from '#workflows/contracts/requests.ts';
import type { ActivityContext } from '../stage/context.ts';
import { hopeless } from '../stage/failures.ts';
import { runStage } from '../stage/run-stage.ts';
import { importMusique, importNqOpen, importSummhay, writeMiniature } from './index.ts';

const rows = { task: Task, trainRows: z.int(), testRows: z.int() };
const Params = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('miniature'), ...rows, world: z.string() }),
  z.strictObject({ kind: z.literal('nq-open'), ...rows, questions: z.string(), pool: z.string().optional() }),
  z.strictObject({ kind: z.literal('musique'), ...rows, questions: z.array(z.string()).min(1), pool: z.string().optional() }),
  z.strictObject({ kind: z.literal('summhay'), ...rows, topics: z.array(z.string()).min(1) }),
]);

/** Source rows of a task: imported and checked, or authored; split into training and test questions. */
export function importSource(context: ActivityContext, { recipe, locations }: StageRequest): Promise<StageResult> {
  return runStage(context, 'source', recipe, async ({ outputFolder, progress }) => {
    const params = parse(Params, recipe.params, 'the parameters of a source stage');
    const asked = { seed: recipe.seed, trainRows: params.trainRows, testRows: params.testRows, outputDir: outputFolder };
    const file = (sha256: string) => located(context, locations, sha256);
    const files = (hashes: readonly string[]) => Promise.all(hashes.map(file));
    const pool = 'pool' in params && params.pool !== undefined ? { poolFile: await file(params.pool) } : {};
    switch (params.kind) {
      case 'miniature':
        return { summary: await writeMiniature(asked, progress) };
      case 'nq-open':
        return { summary: await importNqOpen({ ...asked, ...pool, questionsFile: await file(params.questions) }, progress) };
      case 'musique':
        return { summary: await importMusique({ ...asked, ...pool, questionsFiles: await files(params.questions) }, progress) };
      case 'summhay':
        return { summary: await importSummhay({ ...asked, topicFiles: await files(params.topics) }, progress) };
    }
  });
}

/** Path of the file with this SHA-256, checked again: it may have changed since the sweep was planned. */
async function located({ baseFolder }: ActivityContext, locations: Readonly<Record<string, string>>, sha256: string): Promise<string> {
  const path = locations[sha256];
  if (path === undefined) throw hopeless('SourceError', `no path was given for the file with SHA-256 ${sha256}`);
  const file = resolve(baseFolder, path);
  if ((await digestFile(file)).sha256 !== sha256) throw hopeless('SourceError', `${path} changed after the sweep was started; start it again`);
  return file;
}
