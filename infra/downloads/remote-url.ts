import { createHash } from 'node:crypto';
import { DownloadRefused } from './errors.ts';

interface Names {
  /** The URL without its query, which may hold a signature: for messages, and for whatever is kept. */
  shown: string;
  /** A file name after the URL's last part. */
  name: string;
  /** Identifies the whole URL and tells nothing of it. */
  id: string;
}

/** A URL that files can be downloaded from. */
export type RemoteUrl = Names & ({ kind: 'http'; url: URL } | { kind: 's3'; bucket: string; key: string });

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;
const S3_OBJECT = /^s3:\/\/([A-Za-z0-9][A-Za-z0-9._-]+)\/(.+)$/i;
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;
const LONGEST_NAME = 100;

/** @throws DownloadRefused where the URL is none of s3://, https:// and, for this machine only, http:// */
export function parseRemoteUrl(text: string): RemoteUrl {
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase();
  const id = createHash('sha256').update(text).digest('hex').slice(0, 32);
  if (scheme === 's3') {
    const [, bucket, key] = S3_OBJECT.exec(text) ?? [];
    if (bucket === undefined || key === undefined) throw new DownloadRefused('found an s3:// URL without a bucket or a key, allowed: s3://bucket/key');
    const shown = `s3://${bucket}/${key}`;
    return { kind: 's3', bucket, key, shown, name: fileName(key), id };
  }
  if (!URL.canParse(text)) throw new DownloadRefused(`found ${scheme === undefined ? 'no URL' : `an incomplete ${scheme}:// URL`}, allowed: s3://bucket/key or https://host/path`);
  const url = new URL(text);
  url.hash = '';
  const shown = url.origin + url.pathname;
  if (url.username !== '' || url.password !== '') throw new DownloadRefused(`${shown}: found a user or password in the URL, allowed: a URL without them`);
  if (!isSafe(url)) throw new DownloadRefused(`found a URL of ${url.protocol}//${url.host}, allowed: s3://, https:// (http:// for this machine only)`);
  return { kind: 'http', url, shown, name: fileName(url.pathname), id };
}

/**
 * Where a redirect leads. Never from https to http, which anyone on the way could read and change.
 * @throws DownloadRefused
 */
export function redirectTarget(from: URL, location: string): URL {
  const shown = from.origin + from.pathname;
  if (!URL.canParse(location, from.href)) throw new DownloadRefused(`${shown}: found a redirect to no URL, allowed: one to https://`);
  const target = new URL(location, from);
  if (!isSafe(target) || (from.protocol === 'https:' && target.protocol !== 'https:')) {
    throw new DownloadRefused(`${shown}: found a redirect to ${target.protocol}//${target.host}, allowed: one to https://`);
  }
  return target;
}

function isSafe({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
}

function fileName(path: string): string {
  const last = path.split('/').findLast((part) => part !== '') ?? '';
  return last.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^\.+/, '').slice(-LONGEST_NAME) || 'file';
}
