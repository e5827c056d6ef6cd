import { S3Client } from '@aws-sdk/client-s3';

export interface S3Options {
  /** Address of an S3 server that is not Amazon's; requests then name the bucket in their path. */
  endpoint?: string;
  region?: string;
  /** Absent: found as the AWS SDK finds them. */
  credentials?: { accessKeyId: string; secretAccessKey: string };
}

/**
 * S3 client for artifacts. It leaves checking what it downloads to the store, which knows every file's SHA-256 and says
 * which artifact is damaged; what it uploads is signed with its SHA-256, so that no checksum of another kind is added but where S3 asks for one.
 */
export function artifactClient({ endpoint, region, credentials }: S3Options): S3Client {
  return new S3Client({
    ...(endpoint && { endpoint, forcePathStyle: true }),
    ...(region && { region }),
    ...(credentials && { credentials }),
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestChecksumCalculation: 'WHEN_REQUIRED',
    // A command's way through the client is put together once, not for every request: nothing of it changes here.
    cacheMiddleware: true,
    maxAttempts: 5,
  });
}
