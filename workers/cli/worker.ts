import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';
import type { ActivityContext } from '#activities/stage/context.ts';
import { artifactClient } from '#infra/artifacts/client.ts';
import { ArtifactStore } from '#infra/artifacts/store.ts';
import { JobPool } from '#infra/launcher/job-pool.ts';
import { workflowBundle } from '../bundle.ts';
import { CHECKOUT, homeFrom } from '../home.ts';
import { lightWorker } from '../light-worker.ts';
import { logTemporalTo, stdoutLogger } from '../logger.ts';
import { NAMESPACE } from '../stack.ts';
import { trainerCommand } from '../trainer-command.ts';
import { trainerWorker } from '../trainer-worker.ts';
import { untilStopped } from './signals.ts';

/**
 * `needlework worker light|trainer`: one worker of a fleet. Temporal is found as its CLI finds it (TEMPORAL_ADDRESS,
 * TEMPORAL_NAMESPACE, profiles, TLS, API key), S3 as the AWS SDK does, with NEEDLEWORK_S3_BUCKET and, for a server that is
 * not Amazon's, NEEDLEWORK_S3_ENDPOINT.
 */
export async function worker(role: 'light' | 'trainer'): Promise<void> {
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
  const context: ActivityContext = {
    store: new ArtifactStore({ s3, bucket, cacheFolder: home.artifactCache }),
    trainer: null,
    scratchFolder: home.scratchFolder,
    baseFolder: CHECKOUT,
    reportsFolder: home.reportsFolder,
  };
  const trainer = role === 'trainer' ? new JobPool(1, { ...trainerCommand(env), onLog: (level, message) => logger.info({ level }, message) }) : null;
  const running = trainer
    ? await trainerWorker({ connection, namespace, context }, trainer)
    : await lightWorker({ connection, namespace, workflowBundle: await workflowBundle(env.NEEDLEWORK_CACHE || home.folder), context });
  void untilStopped().then(() => running.shutdown());
  try {
    await running.run();
  } finally {
    await trainer?.stop();
    await connection.close();
  }
}
