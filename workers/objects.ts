import type { S3Client } from '@aws-sdk/client-s3';
import { artifactClient } from '#infra/artifacts/client.ts';
import { loadOrCreateCredentials, S3_REGION } from '#infra/servers/index.ts';
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
