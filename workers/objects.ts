import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { artifactClient } from '#infra/artifacts/client.ts';
import { anyFreePort, loadOrCreateCredentials, S3_REGION, startS3 } from '#infra/servers/index.ts';
import type { Home } from './home.ts';
import { BUCKET, runningStack } from './stack.ts';

export interface Objects {
  s3: S3Client;
  bucket: string;
  /** In words. */
  where: string;
}

/** The store that a command can look into: a fleet's bucket where the environment names one, else that of this checkout's running stack; null without either. */
export async function reachableObjects(home: Home, env: NodeJS.ProcessEnv): Promise<Objects | null> {
  if (env.NEEDLEWORK_S3_BUCKET) {
    const endpoint = env.NEEDLEWORK_S3_ENDPOINT;
    return { s3: artifactClient(endpoint ? { endpoint } : {}), bucket: env.NEEDLEWORK_S3_BUCKET, where: `bucket ${env.NEEDLEWORK_S3_BUCKET}` };
  }
  const stack = await runningStack(home);
  if (stack === null) return null;
  const credentials = await loadOrCreateCredentials(home.credentialsFile);
  return { s3: artifactClient({ endpoint: stack.s3Endpoint, region: S3_REGION, credentials }), bucket: BUCKET, where: 'the stack that is up on this machine' };
}

/**
 * The same for a command that needs the store: where no stack is up on this machine, but one was, its S3 server alone is started for
 * as long as `work` takes. @throws where there is no store at all
 */
export async function withObjects<T>(home: Home, env: NodeJS.ProcessEnv, work: (objects: Objects) => Promise<T>): Promise<T> {
  const reachable = await reachableObjects(home, env);
  if (reachable !== null) return work(reachable);
  if (!existsSync(home.s3Folder)) throw new Error(`NEEDLEWORK_S3_BUCKET: found nothing, and no sweep was run on this machine (${home.s3Folder} is not there); allowed: the bucket of the artifacts, or a stack of this checkout (npx needlework up)`);
  const credentials = await loadOrCreateCredentials(home.credentialsFile);
  const server = await startS3({ executable: env.NEEDLEWORK_VERSITYGW || 'versitygw', folder: home.s3Folder, port: await anyFreePort(), credentials, bucket: BUCKET, logFile: join(home.logsFolder, 's3.log') });
  try {
    return await work({ s3: artifactClient({ endpoint: server.endpoint, region: S3_REGION, credentials }), bucket: BUCKET, where: `the store of this machine (${home.s3Folder})` });
  } finally {
    await server.stop();
  }
}
