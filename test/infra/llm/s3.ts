/** The real S3 server, for the tests of everything that keeps something there. */
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { artifactClient } from '#infra/artifacts/client.ts';
import { loadOrCreateCredentials, S3_REGION, startS3 } from '#infra/servers/index.ts';
import { anyPort, executable } from '../servers/support.ts';
import { temporaryFolder } from '../../support/folders.ts';

export interface TestStore {
  s3: S3Client;
  bucket: string;
  /** What another process needs to use the same store. */
  connection: { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } };
  /** Where the server keeps the bucket's objects, as plain files. */
  objects: string;
  newFolder(): Promise<string>;
  /** Over once the server was away for so long, and is back. */
  away(milliseconds: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startStore(): Promise<TestStore> {
  const root = temporaryFolder();
  const bucket = 'llm-test';
  const credentials = loadOrCreateCredentials(join(root, 'credentials.json'));
  const port = await anyPort();
  const start = () => startS3({ executable: executable('NEEDLEWORK_VERSITYGW'), folder: join(root, 's3'), port, credentials, bucket, logFile: join(root, 's3.log') });
  let server = await start();
  const away = async (milliseconds: number) => {
    await server.stop();
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    server = await start();
  };
  const connection = { endpoint: server.endpoint, region: S3_REGION, credentials };
  return { s3: artifactClient(connection), bucket, connection, objects: join(root, 's3', bucket), newFolder: () => mkdtemp(join(root, 'folder-')), away, stop: () => server.stop() };
}
