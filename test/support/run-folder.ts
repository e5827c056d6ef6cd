/** One folder for everything that a test run writes, removed at its end: a worker of vitest may be ended before it could clean up. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'needlework-tests-'));
  process.env.NEEDLEWORK_TEST_FOLDER = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
