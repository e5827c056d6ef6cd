/** What the tests of real servers share. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { anyFreePort } from '#infra/servers/index.ts';

/** Path of a server's program, from the environment that `npm test` sets. */
export function executable(name: 'NEEDLEWORK_TEMPORAL_CLI' | 'NEEDLEWORK_VERSITYGW'): string {
  const path = process.env[name];
  if (!path) throw new Error(`${name} is not set: run the tests by "npm test", or first: eval "$(npx needlework env)"`);
  return path;
}

/** A folder that is removed after the test. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'needlework-servers-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** Ports that nobody prefers, so that a stack that is up meanwhile does no harm. */
export const anyPort = (): Promise<number> => anyFreePort();
