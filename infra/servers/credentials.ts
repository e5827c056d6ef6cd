/** The S3 server's credentials: random, made on the first start, readable by their owner only. */
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

const Credentials = z.strictObject({ accessKeyId: z.string().min(3), secretAccessKey: z.string().min(16) });
export type Credentials = z.infer<typeof Credentials>;

/**
 * The credentials in a file, made where it is missing.
 * @throws where others may read the file, or it does not hold credentials
 */
export function loadOrCreateCredentials(file: string): Credentials {
  let mode: number;
  try {
    mode = statSync(file).mode & 0o777;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    create(file);
    mode = statSync(file).mode & 0o777;
  }
  if ((mode & 0o077) !== 0) {
    throw new Error(`${file} holds the S3 credentials and others may use it (mode ${mode.toString(8)}, allowed is 600): delete it to have new ones made, or run chmod 600 on it`);
  }
  const parsed = Credentials.safeParse(parseJson(readFileSync(file, 'utf8')));
  // The message must not quote what was found: it may be half a secret.
  if (!parsed.success) throw new Error(`${file} does not hold S3 credentials (accessKeyId, secretAccessKey): delete it to have new ones made`);
  return parsed.data;
}

/** Written beside and linked, so that of two first starts at once both end up with the same credentials. */
function create(file: string): void {
  // The access key must be alphanumeric.
  const credentials: Credentials = { accessKeyId: `NEEDLEWORK${randomBytes(5).toString('hex').toUpperCase()}`, secretAccessKey: randomBytes(32).toString('hex') };
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, `${JSON.stringify(credentials)}\n`, { mode: 0o600, flag: 'wx' });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
