/** The instant activities with real artifacts: memoisation, forcing and look-ups are those of the workers, on a real S3 server. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import type { Activities } from '#activities/index.ts';
import { discardArtifact } from '#activities/inputs/discard.ts';
import { findFinished } from '#activities/inputs/find.ts';
import { InputArtifacts } from '#activities/report/input-artifacts.ts';
import type { ActivityContext } from '#activities/stage/context.ts';
import { runStage, type StageWork } from '#activities/stage/run-stage.ts';
import { CheckpointStore } from '#infra/artifacts/checkpoints.ts';
import { artifactClient } from '#infra/artifacts/client.ts';
import { Documents } from '#infra/artifacts/documents.ts';
import { ArtifactStore } from '#infra/artifacts/store.ts';
import { loadOrCreateCredentials, S3_REGION, startS3 } from '#infra/servers/index.ts';
import type { Recipe, Summary } from '#workflows/contracts/artifacts.ts';
import type { StageRequest } from '#workflows/contracts/requests.ts';
import { anyPort, executable } from '../infra/servers/support.ts';
import { requestedReport } from '#workflows/plan/report.ts';
import { instantActivities } from './instant-activities.ts';

const BUCKET = 'needlework';
/** The one file of an artifact. */
const FILE = 'file.txt';

/** A real S3 server below `folder`, and what works with it. Call `stop` at the end. */
export async function s3ForTests(folder: string) {
  const credentials = loadOrCreateCredentials(join(folder, 'credentials.json'));
  const server = await startS3({ executable: executable('NEEDLEWORK_VERSITYGW'), folder: join(folder, 's3'), port: await anyPort(), credentials, bucket: BUCKET, logFile: join(folder, 's3.log') });
  const context = await contextForTests(folder, server.endpoint);
  return { context, store: context.store, endpoint: server.endpoint, pid: server.pid, stop: () => server.stop() };
}

/** What activities work with, on such a server, with a cache of its own. */
export async function contextForTests(folder: string, endpoint: string): Promise<ActivityContext> {
  const s3 = artifactClient({ endpoint, credentials: loadOrCreateCredentials(join(folder, 'credentials.json')), region: S3_REGION });
  const store = new ArtifactStore({ s3, bucket: BUCKET, cacheFolder: await mkdtemp(join(folder, 'cache-')) });
  return { store, documents: new Documents({ s3, bucket: BUCKET }), checkpoints: new CheckpointStore({ s3, bucket: BUCKET }), scratchFolder: await mkdtemp(join(folder, 'scratch-')) } as unknown as ActivityContext;
}

/** What a stage's work comes to: the contents of its one file, or never an end. */
export type StageContents = (recipe: Recipe) => string | 'hang';

/** Every stage reads all its inputs, unless told otherwise, and writes one small file. What did work is told by `ran`. */
export function storedActivities(context: ActivityContext, contents: StageContents = () => 'contents', { reads = true } = {}) {
  const { activities } = instantActivities();
  const ran: Recipe[] = [];
  const stage = (request: StageRequest, readAll = ({ recipe, input }: StageWork): Promise<unknown> => Promise.all(Object.keys(recipe.inputs).map(input))) =>
    runStage(context, request.recipe.stage, request, async (tools) => {
      const { recipe, outputFolder } = tools;
      if (reads) await readAll(tools);
      const text = contents(recipe);
      if (text === 'hang') {
        const beat = setInterval(() => Context.current().heartbeat(), 200);
        await Context.current().cancelled.finally(() => clearInterval(beat));
      }
      ran.push(recipe);
      await writeFile(join(outputFolder, FILE), text);
      const summary: Summary = recipe.stage === 'evaluate' ? { f1: 0.5 } : {};
      return { summary };
    });
  // As a report does: what it reads is kept nowhere.
  const readForReport = async ({ recipe, wasRead }: StageWork) => {
    const artifacts = await InputArtifacts.of(context.store, recipe, wasRead);
    return Promise.all(Object.keys(recipe.inputs).map((name) => artifacts.bytes(...(name.split(': ') as [string, string]), FILE)));
  };
  const stages = ['importSource', 'importBase', 'pretrainBase', 'rankPassages', 'writeTexts', 'synthesizeDataset', 'trainAdapter', 'evaluateModel', 'scoreHeads', 'maskHeads', 'patchHeads'] as const;
  const stored: Activities = {
    ...activities,
    ...Object.fromEntries(stages.map((name) => [name, (request: StageRequest) => stage(request)])),
    writeReport: (request) => stage({ recipe: requestedReport(request), locations: {} }, readForReport),
    findFinished: (sought) => findFinished(context, sought),
    discardArtifact: (ref) => discardArtifact(context, ref),
  };
  return { activities: stored, ran };
}
