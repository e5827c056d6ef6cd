/** The S3 server of the bench for the programs that we are compared with: the one that ours has, with a bucket for their artifacts. */
import { join } from 'node:path';
import { artifactClient } from '#infra/artifacts/client.ts';
import { Objects } from '#infra/artifacts/objects.ts';
import { loadOrCreateCredentials, S3_REGION, startS3 } from '#infra/servers/index.ts';
import { anyPort, executable } from '../../infra/servers/support.ts';

const BUCKET = 'others';

export interface BenchBucket {
  endpoint: string;
  /** What a program finds server and credentials by. */
  environment: Record<string, string>;
  /** Where a program's artifacts go, as `s3://BUCKET/PREFIX`. */
  place: (program: string) => string;
  /** Names of the artifacts that are there. */
  names: (program: string) => Promise<string[]>;
  stop: () => Promise<void>;
}

export async function startBucket(folder: string): Promise<BenchBucket> {
  const credentials = loadOrCreateCredentials(join(folder, 'credentials.json'));
  const server = await startS3({ executable: executable('NEEDLEWORK_VERSITYGW'), folder: join(folder, 's3'), port: await anyPort(), credentials, bucket: BUCKET, logFile: join(folder, 's3.log') });
  const { endpoint } = server;
  const objects = new Objects(artifactClient({ endpoint, credentials, region: S3_REGION }), BUCKET);
  const { accessKeyId, secretAccessKey } = credentials;
  return {
    endpoint,
    environment: {
      AWS_ENDPOINT_URL: endpoint, AWS_REGION: S3_REGION, AWS_DEFAULT_REGION: S3_REGION, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey,
      SNAKEMAKE_STORAGE_S3_ACCESS_KEY: accessKeyId, SNAKEMAKE_STORAGE_S3_SECRET_KEY: secretAccessKey,
    },
    place: (program) => `s3://${BUCKET}/${program}`,
    names: async (program) => (await objects.list(`${program}/`)).map((key) => key.slice(program.length + 1)),
    stop: () => server.stop(),
  };
}
