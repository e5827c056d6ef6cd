/** `npm start` as the terminal sees it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { SweepSpecInput } from '#workflows/contracts/spec.ts';
import { anyPort } from '../infra/servers/support.ts';
import { temporaryFolder } from '../support/folders.ts';
import { smallSpec } from '../support/spec.ts';

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));

/** Runs `needlework start` to its end; once its output matches `at`, sends it `signal` or does something else. */
async function start(home: string, changes: Partial<SweepSpecInput> = {}, then?: { at: RegExp; signal: NodeJS.Signals } | { at: RegExp; act: () => void }): Promise<{ status: number | null; output: string }> {
  const file = join(home, 'spec.json');
  writeFileSync(file, JSON.stringify(smallSpec({ conditions: ['real'], ...changes })));
  const env = { ...process.env, NEEDLEWORK_HOME: join(home, 'state'), NEEDLEWORK_TEMPORAL_PORT: String(await anyPort()), NEEDLEWORK_UI_PORT: String(await anyPort()), NEEDLEWORK_S3_PORT: String(await anyPort()) };
  const child = spawn(process.execPath, [join(CHECKOUT, 'workers/cli/main.ts'), 'start', file], { cwd: CHECKOUT, env });
  let output = '';
  let done = false;
  const listen = (chunk: Buffer) => {
    output += chunk.toString();
    if (done || !then?.at.test(output)) return;
    done = true;
    if ('act' in then) then.act();
    else child.kill(then.signal);
  };
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, output };
}

describe('needlework start', () => {
  it('ends with a table of results and the path of the report, and resumes to no work at all', async () => {
    const home = temporaryFolder();
    // Long enough for the sweep to be told of a stage that runs.
    const long = { train: { epochs: 30 } };
    const first = await start(home, long);
    expect(first.output).toMatch(/Web UI http:\/\/127\.0\.0\.1:\d+/);
    expect(first.output).toMatch(/mdqa × tiny × \S+: (dataset|train|evaluate|score|mask)\b.* \(stage \d of \d\)/);
    expect(first.output).toMatch(/Training data +F1 +EM +Heads > 0/);
    expect(first.output).toMatch(/complete: 11 stages ran, 0 were there already/);
    expect(existsSync(first.output.match(/^report: (.*)$/m)![1]!)).toBe(true);
    expect(first.status).toBe(0);
    const second = await start(home, long);
    expect(second.output).toMatch(/complete: 0 stages ran, 11 were there already/);
    expect(second.status).toBe(0);
  }, 240_000);

  it('goes on where it was killed, and starts anew where the spec was changed meanwhile, without doing anything twice', async () => {
    const home = temporaryFolder();
    const datasets = () => globSync(join(home, 'state/s3/needlework/artifacts/dataset/*/manifest.json')).sort().map((file) => readFileSync(file, 'utf8'));
    const long = { train: { epochs: 30 } };
    const killed = await start(home, long, { at: /train\b.* \(stage 2 of 5\)/, signal: 'SIGKILL' });
    expect(killed.status).toBeNull();
    const made = datasets();
    expect(made).toHaveLength(2);
    const resumed = await start(home, long, { at: /train\b.* \(stage 2 of 5\)/, signal: 'SIGINT' });
    expect(resumed.output).toContain('interrupted (SIGINT)');
    expect(resumed.status).toBe(130);
    const changed = await start(home, { ...long, mask: { k: [1] } });
    expect(changed.output).toContain('was ended, since the spec has changed; what it finished is used again');
    expect(changed.output).toMatch(/mdqa × tiny × real {2}F1 .*1 of 5 stages reused/);
    expect(changed.output).toMatch(/complete: \d+ stages ran/);
    expect(changed.status).toBe(0);
    // Every dataset is still the one that was made before the kill, time of its making included.
    expect(datasets()).toEqual(made);
  }, 300_000);

  it('starts its servers again where they are killed, says so, and does nothing twice', async () => {
    const home = temporaryFolder();
    const pidOf = (file: string) => (JSON.parse(readFileSync(join(home, 'state', file), 'utf8')) as { server: { pid: number } }).server.pid;
    const killed: number[] = [];
    const act = () => {
      for (const file of ['temporal.db.pid', 's3.pid']) {
        killed.push(pidOf(file));
        process.kill(pidOf(file), 'SIGKILL');
      }
    };
    const { status, output } = await start(home, { train: { epochs: 30 } }, { at: /train\b.* \(stage 2 of 5\)/, act });
    expect(killed, output).toHaveLength(2);
    for (const server of ['Temporal', 'S3']) {
      expect(output).toContain(`The ${server} server ended (exit status 137); it is started again (1 of at most 5 times within 10 minutes)`);
      expect(output).toContain(`The ${server} server is up again`);
    }
    expect(output).toMatch(/complete: 11 stages ran, 0 were there already/);
    expect(status).toBe(0);
  }, 300_000);

  it('waits for nobody where a cell fails: it ends as partial, with cause and remedy', async () => {
    const { status, output } = await start(temporaryFolder(), { train: { learningRate: 1e30 }, baselines: ['untuned'] });
    expect(output).toMatch(/failed: mdqa × tiny × real, stage train: .*(loss|gradient)/);
    expect(output).toMatch(/what to do: skip, or start a sweep with a lower train\.learningRate/);
    expect(output).toMatch(/^partial: \d+ stages ran/m);
    expect(status).toBe(1);
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
