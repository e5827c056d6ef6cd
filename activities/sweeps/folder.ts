import { createHash } from 'node:crypto';

/** Names that are themselves good names of folders, on any disk. */
const PLAIN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/**
 * Name of a sweep's folder, in the store and among published reports. A workflow id is free text: one that could lead out of the
 * folder, or is too long, gets a name that still says which it is, and that no other sweep has.
 */
export function sweepFolder(sweep: string): string {
  if (PLAIN.test(sweep)) return sweep;
  const readable = sweep.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '').slice(0, 60);
  return `${readable === '' ? 'sweep' : readable}~${createHash('sha256').update(sweep).digest('hex').slice(0, 16)}`;
}
