import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';
import type { ActivityContext } from '#activities/stage/context.ts';
import { artifactClient } from '#infra/artifacts/client.ts';
import { CheckpointStore } from '#infra/artifacts/checkpoints.ts';
import { Documents } from '#infra/artifacts/documents.ts';
import { ArtifactStore } from '#infra/artifacts/store.ts';
import { JobPool } from '#infra/launcher/job-pool.ts';
import { registerSearchAttributes } from '#infra/servers/index.ts';
import { workflowBundle } from '../bundle.ts';
import { currentVersion, DEPLOYMENT, deploymentOptions } from '../deployment.ts';
import { remotesFrom } from '../downloads.ts';
import { CHECKOUT, homeFrom } from '../home.ts';
import { lightWorker } from '../light-worker.ts';
import { llmWorker } from '../llm-worker.ts';
import { logTemporalTo, stdoutLogger } from '../logger.ts';
import { newsSeconds } from '../news-seconds.ts';
import { fleetPlaces } from '../places.ts';
import { NAMESPACE } from '../stack.ts';
import { SEARCH_ATTRIBUTES } from '../search-attributes.ts';
import { serve } from '../serve.ts';
import { trainerLaunch } from '../trainer-launch.ts';
import { trainerPresence, trainerWorker } from '../trainer-worker.ts';
import { untilStopped } from './signals.ts';

export const WORKER_ROLES = ['light', 'llm', 'trainer'] as const;
export type WorkerRole = (typeof WORKER_ROLES)[number];

/**
 * `needlework worker light|llm|trainer`: one worker of a fleet (a light one writes texts, too). Temporal is found as its CLI finds it (TEMPORAL_ADDRESS,
 * TEMPORAL_NAMESPACE, profiles, TLS, API key), S3 as the AWS SDK does, with NEEDLEWORK_S3_BUCKET and, for a server that is
 * not Amazon's, NEEDLEWORK_S3_ENDPOINT.
 */
export async function worker(role: WorkerRole): Promise<void> {
  const { env } = process;
  const logger = stdoutLogger(`${role}-worker`);
  logTemporalTo(logger);
  const home = homeFrom(env);
  const { connectionOptions, namespace = NAMESPACE } = loadClientConnectConfig();
  const bucket = env.NEEDLEWORK_S3_BUCKET;
  if (!bucket) throw new Error('NEEDLEWORK_S3_BUCKET: found nothing, allowed: the bucket of the artifacts');
  const endpoint = env.NEEDLEWORK_S3_ENDPOINT;
  const s3 = artifactClient(endpoint ? { endpoint } : {});
  const connection = await NativeConnection.connect(connectionOptions);
  // Workflows set them, and only light workers run workflows.
  if (role === 'light') for (const name of await registerSearchAttributes(connection, namespace, SEARCH_ATTRIBUTES)) logger.info(`registered search attribute ${name}`);
  const context: ActivityContext = {
    store: new ArtifactStore({ s3, bucket, cacheFolder: home.artifactCache }),
    documents: new Documents({ s3, bucket }),
    checkpoints: new CheckpointStore({ s3, bucket }),
    trainer: null,
    ...remotesFrom(home, env),
    llm: { s3, bucket, folder: home.repliesFolder, env },
    scratchFolder: home.scratchFolder,
    baseFolder: CHECKOUT,
    reportsFolder: home.reportsFolder,
    places: fleetPlaces(bucket, namespace, env),
    webhookUrl: (variable) => env[variable],
    newsSeconds: newsSeconds(env),
  };
  const trainer = role === 'trainer' ? new JobPool(1, { ...(await trainerLaunch(home, env)), onLog: (level, message) => logger.info({ level }, message) }) : null;
  // Only light workers run workflow code.
  const deployment = role === 'light' ? await deploymentOptions() : null;
  const workers = trainer
    ? [await trainerWorker({ connection, namespace, context }, trainer), await trainerPresence({ connection, namespace })]
    : [
        await llmWorker({ connection, namespace, context }),
        ...(deployment ? [await lightWorker({ connection, namespace, workflowBundle: await workflowBundle(env.NEEDLEWORK_CACHE || home.folder), context, deployment })] : []),
      ];
  const serving = workers.map((one) => serve(one, (text) => logger.warn(text)));
  void untilStopped().then(() => serving.forEach(({ stop }) => stop()));
  try {
    const served = Promise.all(serving.map(({ ended }) => ended)).then(() => {});
    if (deployment !== null) {
      const { buildId } = deployment.version;
      const current = await Promise.race([currentVersion(connection, namespace, buildId), served]);
      if (current === buildId) logger.info(`new sweeps begin under this worker's workflow code, version ${buildId} of the deployment ${DEPLOYMENT}`);
      else if (current !== undefined) logger.warn(`new sweeps begin under version ${current}; to have them begin under this worker's: temporal worker deployment set-current-version --deployment-name ${DEPLOYMENT} --build-id ${buildId}`);
    }
    await served;
  } finally {
    await trainer?.stop();
    // A worker that had to leave jobs still holds it.
    await connection.close().catch(() => {});
  }
}
