/** `npm start` as the terminal sees it. */
import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { SweepSpecInput } from '#workflows/contracts/spec.ts';
import { anyPort } from '../infra/servers/support.ts';
import { temporaryFolder } from '../support/folders.ts';
import { smallSpec } from '../support/spec.ts';

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));

async function start(home: string, changes: Partial<SweepSpecInput> = {}): Promise<{ status: number; output: string }> {
  const file = join(home, 'spec.json');
  writeFileSync(file, JSON.stringify(smallSpec({ conditions: ['real'], ...changes })));
  const env = { ...process.env, NEEDLEWORK_HOME: join(home, 'state'), NEEDLEWORK_TEMPORAL_PORT: String(await anyPort()), NEEDLEWORK_UI_PORT: String(await anyPort()), NEEDLEWORK_S3_PORT: String(await anyPort()) };
  return new Promise((resolve) => {
    execFile(process.execPath, [join(CHECKOUT, 'workers/cli/main.ts'), 'start', file], { cwd: CHECKOUT, env }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
}

describe('needlework start', () => {
  it('ends with a table of results and the path of the report, and resumes to no work at all', async () => {
    const home = temporaryFolder();
    const first = await start(home);
    expect(first.output).toMatch(/Web UI http:\/\/127\.0\.0\.1:\d+/);
    expect(first.output).toMatch(/mdqa × tiny × real: (dataset|train|evaluate|score|mask) \(stage \d of 5\)/);
    expect(first.output).toMatch(/Training data +F1 +EM +Heads > 0/);
    expect(first.output).toMatch(/complete: 11 stages ran, 0 were there already/);
    expect(existsSync(first.output.match(/^report: (.*)$/m)![1]!)).toBe(true);
    expect(first.status).toBe(0);
    const second = await start(home);
    expect(second.output).toMatch(/complete: 0 stages ran, 11 were there already/);
    expect(second.status).toBe(0);
  }, 240_000);

  it('refuses a bad spec before it starts anything', async () => {
    const home = temporaryFolder();
    const { status, output } = await start(home, { seed: -1 });
    expect(output).toContain('seed: found -1, allowed: at least 0');
    expect(existsSync(join(home, 'state'))).toBe(false);
    expect(status).toBe(1);
  });

  it('says what is wrong and exits with 1 where the sweep fails', async () => {
    const { status, output } = await start(temporaryFolder(), { models: [{ model: 'tiny', base: { kind: 'folder', path: 'nowhere' }, ropeTheta: 1 }] });
    expect(output).toMatch(/needlework: the sweep failed: .*models\[0\]\.base\.path: found no folder at .*nowhere/);
    expect(status).toBe(1);
  }, 120_000);
});
