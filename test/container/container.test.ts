/** The trainer in a real container: what it can reach, that its results are those of a local process, and that none is left over. */
import { execFile } from 'node:child_process';
import { chownSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { OF_THE_RUN } from '#activities/stage/content.ts';
import { IMAGE_USER, runArguments } from '#infra/launcher/container.ts';
import { type Engine, findEngine } from '#infra/launcher/engine.ts';
import { containersOf } from '#infra/launcher/leftovers.ts';
import { trainerImage } from '#workers/trainer-image.ts';
import { temporaryFolder } from '../support/folders.ts';
import { smallSpec } from '../support/spec.ts';
import { needleworkUp, type RunningStack, trainingSteps } from '../support/stack.ts';

const execute = promisify(execFile);
const IN_CONTAINERS = { NEEDLEWORK_LAUNCHER: 'container', NEEDLEWORK_TRAINERS: '1' };
const stacks: RunningStack[] = [];
let engine: Engine;
beforeAll(async () => {
  engine = await findEngine(process.env);
});
afterEach(() => Promise.all(stacks.splice(0).map((stack) => stack.stop())));

async function up(home: string, more: NodeJS.ProcessEnv): Promise<RunningStack> {
  const stack = await needleworkUp(home, more);
  stacks.push(stack);
  return stack;
}

function specFile(home: string, changes: Parameters<typeof smallSpec>[0]): string {
  const file = join(home, 'spec.json');
  writeFileSync(file, JSON.stringify(smallSpec({ conditions: ['real'], baselines: [], ...changes })));
  return file;
}

/** Names and hashes of the files of every artifact that tell what came out, by stage and key; without the report, which names the versions of Python that each stage ran on. */
function artifactsOf(home: string): Record<string, string[]> {
  const root = join(home, 's3', 'needlework', 'artifacts');
  return Object.fromEntries(
    readdirSync(root).filter((stage) => stage !== 'report').flatMap((stage) =>
      readdirSync(join(root, stage)).map((key) => {
        const { files } = JSON.parse(readFileSync(join(root, stage, key, 'manifest.json'), 'utf8')) as { files: { name: string; sha256: string }[] };
        return [`${stage}/${key}`, files.filter(({ name }) => !OF_THE_RUN.has(name)).map(({ name, sha256 }) => `${name} ${sha256}`)] as const;
      }),
    ),
  );
}

it('lets a job see and change nothing but its folders', async () => {
  const home = temporaryFolder();
  const [writable, readable, hidden] = ['scratch', 'cache', 'hidden'].map((name) => join(home, name)) as [string, string, string];
  for (const folder of [writable, readable, hidden]) mkdirSync(folder);
  const user = { uid: process.getuid!(), gid: process.getgid!() };
  if (user.uid === 0) chownSync(writable, IMAGE_USER.uid, IMAGE_USER.gid);
  const program = `
import json, os, socket, sys
def can(do):
    try:
        do()
        return True
    except OSError:
        return False
writable, readable, hidden = sys.argv[1:]
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines())
print(json.dumps({
    "root": os.getuid() == 0 or os.getgid() == 0,
    "writes": [path for path in (writable, readable, "/", "/opt/needlework", "/etc", "/tmp") if can(lambda: open(path + "/x", "w"))],
    "sees": [path for path in (writable, readable, hidden) if os.path.exists(path)],
    "interfaces": [name for _, name in socket.if_nameindex()],
    "reaches": can(lambda: socket.create_connection(("192.0.2.1", 443), timeout=2)),
    "capabilities": int(status["CapEff"], 16) | int(status["CapBnd"], 16),
    "privileges": status["NoNewPrivs"],
    "environment": sorted(name for name in os.environ if "SECRET" in name or "proxy" in name.lower()),
}))`;
  const args = runArguments({
    engine, user, home, name: 'x', image: await trainerImage(), writable: [writable], readable: [readable], gpu: false, env: {},
    options: ['--entrypoint', '/opt/needlework/venv/bin/python'],
  });
  const { stdout } = await execute(engine.program, ['run', ...args, '-c', program, writable, readable, hidden], {
    env: { ...engine.env, AWS_SECRET_ACCESS_KEY: 'hidden', http_proxy: 'http://proxy' },
  });
  expect(JSON.parse(stdout)).toEqual({
    root: false,
    writes: [writable, '/tmp'],
    sees: [writable, readable],
    interfaces: ['lo'],
    reaches: false,
    capabilities: 0,
    privileges: '1',
    environment: [],
  });
});

it('trains, evaluates, scores and masks to the bytes of a local process, and leaves no container when it stops', async () => {
  const home = temporaryFolder();
  const contained = await up(home, IN_CONTAINERS);
  const file = specFile(home, {});
  expect(await contained.sweep('small', file)).toMatchObject({ status: 'complete' });
  expect(await containersOf(engine, home)).toHaveLength(1);
  await contained.stop();
  expect(await containersOf(engine, home)).toEqual([]);

  const local = await up(temporaryFolder(), { NEEDLEWORK_LAUNCHER: 'process', NEEDLEWORK_TRAINERS: '1' });
  expect(await local.sweep('small', file)).toMatchObject({ status: 'complete' });
  const found = artifactsOf(home);
  expect(found).toEqual(artifactsOf(local.home));
  const stages = Object.keys(found).map((name) => name.split('/', 1)[0]);
  expect(stages).toEqual(expect.arrayContaining(['train', 'evaluate', 'score', 'mask']));
});

it('stops the container of a cancelled sweep', async () => {
  const home = temporaryFolder();
  const stack = await up(home, IN_CONTAINERS);
  const before = await untilTraining(stack, 'endless');
  await stack.temporal('workflow', 'cancel', '--workflow-id', 'endless');
  await expect.poll(() => containersOf(engine, home), { timeout: 60_000, interval: 500 }).not.toEqual(expect.arrayContaining(before));
});

it('has no container left soon after its worker was killed', async () => {
  const home = temporaryFolder();
  const stack = await up(home, IN_CONTAINERS);
  await untilTraining(stack, 'endless');
  stack.process.kill('SIGKILL');
  await expect.poll(() => containersOf(engine, home), { timeout: 60_000, interval: 500 }).toEqual([]);
});

// Finds the guards in /proc.
it.skipIf(process.platform !== 'linux')('removes at its next start what a worker left that was killed with all of its processes', async () => {
  const home = temporaryFolder();
  const stack = await up(home, IN_CONTAINERS);
  const left = await untilTraining(stack, 'endless');
  expect(left).toHaveLength(1);
  const victims = processesNaming(home);
  stack.process.kill('SIGKILL');
  for (const pid of victims) process.kill(pid, 'SIGKILL');
  // Nobody is there to remove it: it goes on training.
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  expect(await containersOf(engine, home)).toEqual(left);

  const next = await up(home, IN_CONTAINERS);
  expect(await containersOf(engine, home)).not.toEqual(expect.arrayContaining(left));
  await next.stop();
  expect(await containersOf(engine, home)).toEqual([]);
});

/** Starts a sweep that never finishes training, and waits until it trains. Resolves with the names of the containers then. */
async function untilTraining(stack: RunningStack, workflowId: string): Promise<string[]> {
  await stack.start(workflowId, specFile(stack.home, { train: { epochs: 100_000 } }));
  await expect.poll(() => trainingSteps(stack, `${workflowId}/mdqa/tiny/real`), { timeout: 300_000, interval: 500 }).toBeGreaterThan(0);
  return containersOf(engine, stack.home);
}

/** Process ids of the guards and the engine's clients that run for a home. */
function processesNaming(home: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return command.includes(`needlework.home=${home}`);
      } catch {
        return false;
      }
    });
}
