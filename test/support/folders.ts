import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new folder, removed when the test run ends (run-folder.ts). */
export function temporaryFolder(): string {
  return mkdtempSync(join(process.env.NEEDLEWORK_TEST_FOLDER ?? tmpdir(), 'test-'));
}
