/**
 * The embedded S3 server: versitygw on a folder. Objects are plain files under `<folder>/<bucket>/<key>`, which a
 * person can open; what S3 knows about them beyond their bytes lies beside them in `metadata-of-<folder>`, so the file
 * system need not support extended attributes and the two folders can be copied with any tool.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { CreateBucketCommand, HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { Credentials } from './credentials.ts';
import { startServer, type RunningServer } from './server.ts';

/** The region in signatures; any will do, as long as both sides use the same. */
export const S3_REGION = 'us-east-1';

export interface S3Options {
  /** versitygw. */
  executable: string;
  /** Folder of all buckets; made where it is missing. Beside it lie `metadata-of-…` and the claim, `….pid`. */
  folder: string;
  host?: string;
  port: number;
  credentials: Credentials;
  /** Made where it is missing. */
  bucket: string;
  logFile: string;
}

export interface S3Server extends RunningServer {
  /** `http://host:port`, for path-style requests. */
  endpoint: string;
}

/**
 * Starts the server; resolves when it answers and the bucket is there. The credentials reach it by its environment
 * only, so they stand neither in its command line nor in its log.
 * @throws where it does not start, with the end of its log and advice
 */
export async function startS3(options: S3Options): Promise<S3Server> {
  const { executable, host = '127.0.0.1', port, credentials, bucket, logFile } = options;
  const folder = resolve(options.folder);
  // versitygw refuses names that begin with the folder's own.
  const metadata = join(dirname(folder), `metadata-of-${basename(folder)}`);
  for (const needed of [folder, metadata]) mkdirSync(needed, { recursive: true });
  const endpoint = `http://${host}:${port}`;
  // A path that no other server knows, so that what answers there is ours.
  const health = `/-/health-${randomUUID()}`;
  const server = await startServer({
    what: 'The S3 server',
    executable,
    args: ['--port', `${host}:${port}`, '--region', S3_REGION, '--quiet', '--keep-alive', '--health', health, 'posix', '--sidecar', metadata, folder],
    env: { ROOT_ACCESS_KEY: credentials.accessKeyId, ROOT_SECRET_KEY: credentials.secretAccessKey },
    logFile,
    pidFile: `${folder}.pid`,
    host,
    ports: [port],
    ready: async () => (await fetch(endpoint + health)).ok,
    advice: [
      { pattern: /address already in use/i, advice: `another program uses port ${port}: stop it, or choose another port` },
      { pattern: /permission denied|read-only/i, advice: `make ${folder} writable, or choose another folder` },
      { pattern: /no space left/i, advice: 'make room on the disk' },
    ],
  });
  try {
    await ensureBucket({ endpoint, credentials, bucket });
  } catch (error) {
    await server.stop();
    throw new Error(`The S3 server started, but the bucket "${bucket}" could not be made: ${error instanceof Error ? error.message : String(error)}. Log: ${logFile}`, { cause: error });
  }
  return { ...server, endpoint };
}

async function ensureBucket({ endpoint, credentials, bucket }: { endpoint: string; credentials: Credentials; bucket: string }): Promise<void> {
  const client = new S3Client({ endpoint, region: S3_REGION, forcePathStyle: true, credentials });
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }));
  } catch (error) {
    if ((error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode !== 404) throw error;
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
  } finally {
    client.destroy();
  }
}
