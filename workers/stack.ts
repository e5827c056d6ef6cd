import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { NativeConnection } from '@temporalio/worker';
import { z } from 'zod';
import type { ActivityContext } from '#activities/stage/context.ts';
import { artifactClient } from '#infra/artifacts/client.ts';
import { CheckpointStore } from '#infra/artifacts/checkpoints.ts';
import { Documents } from '#infra/artifacts/documents.ts';
import { ArtifactStore } from '#infra/artifacts/store.ts';
import { JobPool } from '#infra/launcher/job-pool.ts';
import { freePort, keepUp, loadOrCreateCredentials, PRIORITY_AND_FAIRNESS, S3_REGION, startS3, startTemporal } from '#infra/servers/index.ts';
import { workflowBundle, workflowCodeName } from './bundle.ts';
import { remotesFrom } from './downloads.ts';
import { CHECKOUT, type Home } from './home.ts';
import { lightWorker } from './light-worker.ts';
import { llmWorker } from './llm-worker.ts';
import { fileLogger, logTemporalTo } from './logger.ts';
import { newsSeconds } from './news-seconds.ts';
import { renewSweeps } from './renew-sweeps.ts';
import { localPlaces } from './places.ts';
import { SEARCH_ATTRIBUTES } from './search-attributes.ts';
import { serve } from './serve.ts';
import { NVIDIA_DEVICE, trainerLaunch } from './trainer-launch.ts';
import { trainerPresence, trainerWorker } from './trainer-worker.ts';

const HOST = '127.0.0.1';
export const BUCKET = 'needlework';
export const NAMESPACE = 'default';

/** Where a running stack can be reached; what a second terminal needs. Holds no secret. */
const StackDescription = z.object({
  pid: z.int(),
  temporalAddress: z.string(),
  uiUrl: z.string(),
  s3Endpoint: z.string(),
  s3Folder: z.string(),
});
export type StackDescription = z.infer<typeof StackDescription>;

export interface Stack extends StackDescription {
  /** Rejects when a worker has stopped by itself, or a server that ended was given up, with what stopped it. */
  failed: Promise<never>;
  /** What is the matter with the servers; null as a rule. */
  trouble: () => string | null;
  stop: () => Promise<void>;
}

/**
 * Everything on one machine: Temporal and S3 servers on the loopback interface, which are started again where they end, and workers
 * for all queues. `onStep` is told what is being started; `say`, what happens to the servers later, and what was left when it was stopped.
 */
export async function startStack(home: Home, env: NodeJS.ProcessEnv, onStep: (step: string) => void, say: (text: string) => void): Promise<Stack> {
  await mkdir(home.folder, { recursive: true });
  await mkdir(home.logsFolder, { recursive: true });
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const one of stops.splice(0).reverse()) await one().catch(() => {});
  };
  try {
    logTemporalTo(fileLogger(home.logsFolder, 'workers'));
    const credentials = await loadOrCreateCredentials(home.credentialsFile);
    const bundling = workflowBundle(env.NEEDLEWORK_CACHE || join(home.folder, 'cache'));
    bundling.catch(() => {}); // awaited below; until then a failure elsewhere counts first
    const trainer = new JobPool(trainerCount(env), {
      ...(await trainerLaunch(home, env)),
      onLog: trainerLog(home),
    });
    stops.push(() => trainer.stop());
    void trainer.warm();

    onStep('Temporal and S3 servers');
    const { temporal, s3, lost, trouble } = await startServers(home, env, credentials, stops, say);
    onStep('workers');
    const connection = await NativeConnection.connect({ address: temporal.address });
    stops.push(() => connection.close());
    const objects = { s3: artifactClient({ endpoint: s3.endpoint, region: S3_REGION, credentials }), bucket: BUCKET };
    const context: ActivityContext = {
      store: new ArtifactStore({ ...objects, cacheFolder: home.artifactCache }),
      documents: new Documents(objects),
      checkpoints: new CheckpointStore(objects),
      trainer: null,
      ...remotesFrom(home, env),
      llm: { ...objects, folder: home.repliesFolder, env },
      scratchFolder: home.scratchFolder,
      baseFolder: CHECKOUT,
      reportsFolder: home.reportsFolder,
      places: localPlaces(home, temporal.uiUrl),
      webhookUrl: (variable) => env[variable],
      newsSeconds: newsSeconds(env),
    };
    await emptyFolder(home.scratchFolder);
    await underNewCode(home, async (code) => {
      await renewSweeps({ address: temporal.address, namespace: NAMESPACE, workflowBundle: await bundling, code, say });
    });
    const workers = [
      await lightWorker({ connection, namespace: NAMESPACE, workflowBundle: await bundling, context }),
      await llmWorker({ connection, namespace: NAMESPACE, context }),
      await trainerWorker({ connection, namespace: NAMESPACE, context }, trainer),
      await trainerPresence({ connection, namespace: NAMESPACE }),
    ];
    const serving = workers.map((worker) => serve(worker, say));
    const running = serving.map(({ ended }) => ended);
    stops.push(async () => {
      for (const one of serving) one.stop();
      await Promise.allSettled(running);
    });
    const description: StackDescription = { pid: process.pid, temporalAddress: temporal.address, uiUrl: temporal.uiUrl, s3Endpoint: s3.endpoint, s3Folder: home.s3Folder };
    await writeStackFile(home, description);
    stops.push(() => rm(home.stackFile, { force: true }));
    const stopped = Promise.race(running).then(() => {
      throw new Error(`a worker stopped by itself; see ${home.logsFolder}`);
    });
    const failed = Promise.race([stopped, lost]);
    failed.catch(() => {});
    return { ...description, failed, trouble, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The stack that another process of this checkout keeps up, or null. */
export async function runningStack(home: Home): Promise<StackDescription | null> {
  const text = await readFile(home.stackFile, 'utf8').catch(() => null);
  if (text === null) return null;
  const parsed = StackDescription.safeParse(parseJson(text));
  if (!parsed.success || !isAlive(parsed.data.pid)) return null;
  // After a crash of the machine another process may have the number.
  return (await answers(parsed.data.temporalAddress)) ? parsed.data : null;
}

/** Does what new workflow code asks for, once for each; where that fails, at the next start again. */
async function underNewCode({ codeFile }: Home, work: (code: string) => Promise<void>): Promise<void> {
  const code = await workflowCodeName();
  if ((await readFile(codeFile, 'utf8').catch(() => null)) === code) return;
  await work(code);
  await writeFile(codeFile, code);
}

async function startServers(home: Home, env: NodeJS.ProcessEnv, credentials: Awaited<ReturnType<typeof loadOrCreateCredentials>>, stops: Stack['stop'][], say: (text: string) => void) {
  const temporalPort = await freePort(port(env, 'NEEDLEWORK_TEMPORAL_PORT', 7233));
  const uiPort = await freePort(port(env, 'NEEDLEWORK_UI_PORT', 8233));
  const s3Port = await freePort(port(env, 'NEEDLEWORK_S3_PORT', 7070));
  const [temporal, s3] = await Promise.allSettled([
    keepUp('The Temporal server', () => startTemporal({
      executable: env.NEEDLEWORK_TEMPORAL_CLI || 'temporal',
      databaseFile: home.temporalDatabase,
      host: HOST,
      port: temporalPort,
      uiPort,
      namespace: NAMESPACE,
      searchAttributes: SEARCH_ATTRIBUTES,
      dynamicConfig: PRIORITY_AND_FAIRNESS,
      logFile: join(home.logsFolder, 'temporal.log'),
    }), say),
    keepUp('The S3 server', () => startS3({
      executable: env.NEEDLEWORK_VERSITYGW || 'versitygw',
      folder: home.s3Folder,
      host: HOST,
      port: s3Port,
      credentials,
      bucket: BUCKET,
      logFile: join(home.logsFolder, 's3.log'),
    }), say),
  ]);
  for (const started of [temporal, s3]) if (started.status === 'fulfilled') stops.push(() => started.value.stop());
  if (temporal.status === 'rejected') throw temporal.reason;
  if (s3.status === 'rejected') throw s3.reason;
  const both = [temporal.value, s3.value];
  const trouble = () => both.flatMap((server) => server.trouble() ?? [])[0] ?? null;
  return { temporal: temporal.value.server, s3: s3.value.server, lost: Promise.race(both.map(({ failed }) => failed)), trouble };
}

/**
 * One trainer per core, each on one thread, so that cells run side by side; four at most, for the sake of memory. Where there
 * is a GPU, one: several would share its memory.
 */
function trainerCount(env: NodeJS.ProcessEnv): number {
  const text = env.NEEDLEWORK_TRAINERS;
  if (!text) return existsSync(NVIDIA_DEVICE) ? 1 : Math.min(4, availableParallelism());
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 64) throw new Error(`NEEDLEWORK_TRAINERS: found "${text}", allowed: a whole number from 1 to 64`);
  return count;
}

function port(env: NodeJS.ProcessEnv, name: string, preferred: number): number {
  const text = env[name];
  if (!text) return preferred;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 65_535) throw new Error(`${name}: found "${text}", allowed: a port from 1 to 65535`);
  return value;
}

function trainerLog(home: Home) {
  const logger = fileLogger(home.logsFolder, 'trainer');
  return (level: string, message: string) => {
    if (level === 'error') logger.error(message);
    else if (level === 'warn' || level === 'warning') logger.warn(message);
    else logger.info(message);
  };
}

/** Removes what is in a folder. The folder itself stays: it may be mounted in containers. */
async function emptyFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true });
}

async function writeStackFile(home: Home, description: StackDescription): Promise<void> {
  const partial = `${home.stackFile}.${process.pid}`;
  await writeFile(partial, `${JSON.stringify(description, null, 2)}\n`);
  await rename(partial, home.stackFile);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Whether something listens at `host:port`. */
function answers(address: string): Promise<boolean> {
  const [host, port] = address.split(':') as [string, string];
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port), timeout: 2_000 });
    const end = (answered: boolean) => () => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false));
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
