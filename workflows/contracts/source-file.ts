/** A file that a source names: on the worker's disk or elsewhere, with or without the hash that its bytes must have. */
import { z } from 'zod';

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;
/** Bucket and key, as the AWS CLI takes them: nothing is percent-encoded. */
const S3_OBJECT = /^s3:\/\/[A-Za-z0-9][A-Za-z0-9._-]+\/.+$/i;
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;
/** Parameters that give access to whoever knows them: those of presigned URLs, and tokens. */
const SECRET_PARAMETER = /^x-(amz|goog|ms|oss|cos)-|^sig$|^auth$|authori[sz]ation|signature|token|secret|credential|passw|key|policy|session|jwt/i;

const ALLOWED = 'a path, or a URL that starts with s3:// or https:// (http:// for this machine only)';
const KEPT = 'specs are kept in histories and reports; private files: s3:// with AWS credentials in the environment of the workers';

/** What is allowed instead of this path or URL; null where it is allowed itself. */
function refusal(location: string): string | null {
  const scheme = SCHEME.exec(location)?.[1]?.toLowerCase();
  if (scheme === undefined) return null;
  if (scheme === 's3') return S3_OBJECT.test(location) ? null : 's3://bucket/key, without credentials';
  if (scheme !== 'https' && scheme !== 'http') return ALLOWED;
  if (!URL.canParse(location)) return 'a complete URL: https://host/path';
  const { username, password, hostname, searchParams } = new URL(location);
  if (username !== '' || password !== '') return `a URL without user and password (${KEPT})`;
  const secret = [...searchParams.keys()].find((name) => SECRET_PARAMETER.test(name));
  if (secret !== undefined) return `a URL without a signature or token: ${JSON.stringify(secret)} looks like one (${KEPT})`;
  return scheme === 'https' || LOOPBACK.test(hostname) ? null : `https:// (http:// for this machine only)`;
}

/** A path on the worker's disk (relative ones start at the checkout), or an `s3://` or `https://` URL. */
const location = z
  .string()
  .min(1)
  .check(({ value, issues }) => {
    const message = refusal(value);
    if (message !== null) issues.push({ code: 'custom', message, input: value, continue: true });
  });

/** An `https://` URL without credentials (`http://` for this machine only). */
export const PublicUrl = location.refine((text) => /^https?:/i.test(text), { error: 'an https:// URL (http:// for this machine only)' });

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits');

/** A path or URL, alone or with the SHA-256 of the file's bytes as they lie there (so of the `.gz`, where it is one). */
export const SourceFile = z.union([location, z.strictObject({ at: location, sha256 })], {
  error: 'a path, an s3:// or https:// URL, or {"at": path or URL, "sha256": 64 hexadecimal digits}',
});
export type SourceFile = z.infer<typeof SourceFile>;

/** Where the file lies. */
export function locationOf(file: SourceFile): string {
  return typeof file === 'string' ? file : file.at;
}

/** The SHA-256 that the spec says the file has. */
export function expectedSha256(file: SourceFile): string | undefined {
  return typeof file === 'string' ? undefined : file.sha256;
}

/** Whether a location is a URL, and so not a path. */
export function isUrl(location: string): boolean {
  return SCHEME.test(location);
}
