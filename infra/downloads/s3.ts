import type { Readable } from 'node:stream';
import { GetObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { DownloadRefused, TryAgain } from './errors.ts';
import { isPassing, type Opened, type OpenRequest, totalOfRange } from './remote.ts';

/** Where signatures need a region and the server is not Amazon's, any will do. */
const ANY_REGION = 'us-east-1';

/**
 * S3 client as the environment says: AWS_ENDPOINT_URL_S3 (or AWS_ENDPOINT_URL) for a server that is not Amazon's, whose
 * requests then name the bucket in their path; AWS_REGION, profiles and credentials as the AWS SDK finds them.
 */
export function s3ClientFrom(env: NodeJS.ProcessEnv): S3Client {
  const endpoint = env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL;
  return new S3Client({
    ...(endpoint && { endpoint, forcePathStyle: true, region: env.AWS_REGION || ANY_REGION }),
    followRegionRedirects: true,
    // Everything is hashed here anyway, and not every server has checksums.
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

/** Opens an object of S3. `shown` is its URL in messages. */
export async function openS3(s3: S3Client, { bucket, key, shown }: { bucket: string; key: string; shown: string }, { unlessEtag, rest, signal }: OpenRequest): Promise<Opened> {
  const range = rest && { Range: `bytes=${rest.from}-`, IfMatch: rest.validator };
  const command = new GetObjectCommand({ Bucket: bucket, Key: key, ...(unlessEtag !== undefined && { IfNoneMatch: unlessEtag }), ...range });
  const answer = await s3.send(command, { abortSignal: signal }).catch((error: unknown) => statusOf(error, shown));
  if (answer === 304 && unlessEtag !== undefined) return { kind: 'unchanged' };
  if ((answer === 412 || answer === 416) && rest !== undefined) return { kind: 'no rest' };
  if (typeof answer === 'number') throw new DownloadRefused(`${shown}: found status ${answer}, allowed: an object`);
  const { ETag: etag = null, ContentLength, ContentRange, Body } = answer;
  const body = Body as Readable;
  const total = rest === undefined ? ContentLength : totalOfRange(ContentRange, rest.from);
  const stop = () => body.destroy();
  signal.addEventListener('abort', stop, { once: true });
  body.once('close', () => signal.removeEventListener('abort', stop));
  if (rest !== undefined && total === undefined) {
    body.destroy();
    return { kind: 'no rest' };
  }
  return { kind: rest === undefined ? 'whole' : 'rest', facts: { etag, validator: etag, total: total ?? null }, body };
}

/** The status of an answer that is one to a conditional request; throws for all others, with what can be done about it. */
function statusOf(error: unknown, shown: string): number {
  if (!(error instanceof Error)) throw error;
  if (error.name === 'CredentialsProviderError') {
    throw new DownloadRefused(`${shown}: found no AWS credentials, allowed: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile or a role of the worker (for public objects: their https:// URL)`);
  }
  if (error.message === 'Region is missing') throw new DownloadRefused(`${shown}: found no AWS region, allowed: AWS_REGION in the environment of the worker`);
  const status = error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
  if (status === undefined) throw error;
  if (status === 304 || status === 412 || status === 416) return status;
  if (isPassing(status)) throw new TryAgain(`status ${status} (${error.name})`);
  throw new DownloadRefused(`${shown}: found status ${status} (${error.name}), allowed: an object that the worker's AWS credentials may read`);
}
