// How a container is started and who ends it. The engine is a script that notes how it is called (fake-engine.sh); the
// real ones are tried in test/container.
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type ContainerOptions, containerCommand, runArguments } from '#infra/launcher/container.ts';
import { type Engine, findEngine, hasImage, NoEngine } from '#infra/launcher/engine.ts';
import { JobProcess } from '#infra/launcher/job-process.ts';
import { isLeftover, nameOfContainers, removeLeftovers } from '#infra/launcher/leftovers.ts';
import { commandLineOf } from '#infra/servers/processes.ts';
import { temporaryFolder } from '../../support/folders.ts';

const FAKE = fileURLToPath(new URL('./fake-engine.sh', import.meta.url));

function options(changes: Partial<ContainerOptions> = {}, engine: Partial<Engine> = {}): ContainerOptions {
  return {
    engine: { kind: 'podman', program: 'podman', rootless: false, env: { PATH: '/bin' }, ...engine },
    image: 'trainer:1',
    name: 'needlework-7-00000000',
    home: '/home/me/.needlework',
    user: { uid: 1000, gid: 100 },
    writable: ['/home/me/.needlework/scratch'],
    readable: ['/home/me/.needlework/artifact-cache'],
    gpu: false,
    env: { NEEDLEWORK_TRAINER_THREADS: '2' },
    options: [],
    ...changes,
  };
}

/** A fake engine of this test's own, and what it was asked so far. */
async function fakeEngine(): Promise<{ engine: Engine; calls: () => string[]; folder: string }> {
  const folder = temporaryFolder();
  const engine = await findEngine({ PATH: process.env.PATH, TMPDIR: folder }, FAKE);
  return { engine, folder, calls: () => readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n') };
}

function job(folder: string, does: string): [string, string] {
  const file = join(folder, `${does}.json`);
  writeFileSync(file, JSON.stringify({ jobId: does, does }));
  return [does, file];
}

describe('the arguments of a container', () => {
  it('shut it off from everything but its folders', () => {
    const args = runArguments(options());
    const joined = args.join(' ');
    for (const part of ['--rm', '--interactive', '--init', '--read-only', '--network none', '--cap-drop ALL', '--security-opt no-new-privileges', '--pull never', '--user 1000:100', '--http-proxy=false']) {
      expect(joined).toContain(part);
    }
    expect(args.filter((_, at) => args[at - 1] === '--mount')).toEqual([
      'type=bind,source=/home/me/.needlework/scratch,target=/home/me/.needlework/scratch',
      'type=bind,source=/home/me/.needlework/artifact-cache,target=/home/me/.needlework/artifact-cache,readonly',
    ]);
    expect(args.filter((_, at) => args[at - 1] === '--env')).toEqual(['NEEDLEWORK_TRAINER_THREADS=2']);
    expect(joined).not.toMatch(/nvidia|gpus|privileged|userns/);
    expect(args.at(-1)).toBe('trainer:1');
  });

  it.each([
    ['podman', '--device nvidia.com/gpu=all'],
    ['docker', '--gpus all'],
  ] as const)('pass the GPUs through as %s has it', (kind, expected) => {
    expect(runArguments(options({ gpu: true }, { kind })).join(' ')).toContain(expected);
  });

  it('keep our own user where Podman is rootless, and refuse a Docker that cannot', () => {
    expect(runArguments(options({}, { rootless: true })).join(' ')).toContain('--userns keep-id --user 1000:100');
    expect(() => runArguments(options({}, { kind: 'docker', rootless: true }))).toThrow(/rootless Docker.*allowed: podman/);
  });

  it('never make root the user: the folders of a job are then made those of another', () => {
    const command = containerCommand(options({ user: { uid: 0, gid: 0 } }));
    expect(command.command.join(' ')).toContain('--user 10001:10001');
    expect(command.owner).toEqual({ uid: 10001, gid: 10001 });
    expect(containerCommand(options()).owner).toBeUndefined();
  });

  it.each(['relative', '/a,b', '/a"b'])('refuse the folder %s', (folder) => {
    expect(() => runArguments(options({ readable: [folder] }))).toThrow(NoEngine);
  });

  it('put further options before the image', () => {
    expect(runArguments(options({ options: ['--memory', '8g'] })).slice(-3)).toEqual(['--memory', '8g', 'trainer:1']);
  });
});

describe('the guard of a container', () => {
  async function started() {
    const fake = await fakeEngine();
    const process = new JobProcess(containerCommand(options({ engine: fake.engine })));
    return { ...fake, process };
  }
  const nameOf = (calls: string[]) => /--name (\S+)/.exec(calls.find((call) => call.startsWith('run'))!)![1]!;

  it('passes jobs and events through, and names the container', async () => {
    const { process: guarded, folder, calls } = await started();
    expect((await guarded.run(...job(folder, 'work'))).jobId).toBe('work');
    expect((await guarded.run(...job(folder, 'noise'))).jobId).toBe('noise');
    expect(nameOf(calls())).toMatch(/^needlework-7-00000000-\d+$/);
    await guarded.stop();
    const name = nameOf(calls());
    expect(calls()).toEqual(expect.arrayContaining([`kill ${name}`, `rm --force ${name}`]));
  });

  it('tells how the process ended, with its last words', async () => {
    const { process: guarded, folder } = await started();
    await expect(guarded.run(...job(folder, 'crash'))).rejects.toThrow(/exit status 3[^]*out of luck/);
  });

  it('removes the container when it is killed itself', async () => {
    const { process: guarded, folder, calls } = await started();
    await guarded.run(...job(folder, 'work'));
    const guard = Number(nameOf(calls()).split('-').at(-1));
    process.kill(guard, 'SIGKILL');
    await expect.poll(calls).toContain(`rm --force ${nameOf(calls())}`);
  });

  it('has removed the container when it is stopped, also one that heeds no SIGTERM', async () => {
    const { process: guarded, folder, calls } = await started();
    writeFileSync(join(folder, 'stubborn'), '');
    await guarded.warm();
    await guarded.stop();
    expect(calls().at(-1)).toBe(`rm --force ${nameOf(calls())}`);
    expect(commandLineOf(Number(readFileSync(join(folder, 'client'), 'utf8')))).toBeNull();
  });

  it('removes the container when its worker is killed', async () => {
    const { engine, folder, calls } = await fakeEngine();
    const { command, env } = containerCommand(options({ engine }));
    // A worker in between, which holds the other end of the guard's input.
    const worker = spawn(process.execPath, ['-e', `require('node:child_process').spawn(${JSON.stringify(command[0])}, ${JSON.stringify(command.slice(1))}, { env: ${JSON.stringify(env)}, stdio: ['pipe', 'ignore', 'ignore', 'pipe'], detached: true })`]);
    await expect.poll(() => existsSync(join(folder, 'client'))).toBe(true);
    worker.kill('SIGKILL');
    await once(worker, 'exit');
    await expect.poll(calls).toContain(`rm --force ${nameOf(calls())}`);
  });
});

describe('containers that were left over', () => {
  const commands: Record<number, string> = { 11: 'node worker', 12: 'vi' };
  const commandOf = (pid: number) => commands[pid] ?? null;

  it('are those whose worker is gone, or another program by now', () => {
    const name = nameOfContainers(11, commandOf);
    expect(isLeftover(`${name}-500`, 99, commandOf)).toBe(false);
    expect(isLeftover(`${name}-500`, 11, commandOf)).toBe(true);
    expect(isLeftover(`${name.replace('-11-', '-12-')}-500`, 99, commandOf)).toBe(true);
    expect(isLeftover(`${name.replace('-11-', '-13-')}-500`, 99, commandOf)).toBe(true);
  });

  it('are never others’', () => {
    for (const name of ['postgres', 'needlework', 'needlework-13', 'my-needlework-13-00000000-5']) expect(isLeftover(name, 99, commandOf)).toBe(false);
  });

  it('are asked for by home, and removed', async () => {
    const { engine, folder, calls } = await fakeEngine();
    const gone = 'needlework-999999999-00000000-5';
    const alive = `${nameOfContainers(process.ppid)}-6`;
    writeFileSync(join(folder, 'containers'), `${gone}\n${alive}\npostgres\n`);
    expect(await removeLeftovers(engine, '/my/home')).toEqual([gone]);
    expect(calls().slice(-3)).toEqual(['ps --all --filter label=needlework.home=/my/home --format {{.Names}}', `kill ${gone}`, `rm --force ${gone}`]);
  });
});

describe('the engine', () => {
  it('is refused where none works, with what was tried', async () => {
    await expect(findEngine({ PATH: '/nowhere' })).rejects.toThrow(/no container engine that works \(podman: .*ENOENT; docker: .*ENOENT\), allowed: podman, docker/);
    await expect(findEngine({ PATH: '/nowhere', NEEDLEWORK_CONTAINER_ENGINE: '/no/such' })).rejects.toThrow(/\/no\/such/);
  });

  it('gets nothing of our environment but what its client needs', async () => {
    const engine = await findEngine({ PATH: process.env.PATH, TMPDIR: temporaryFolder(), AWS_SECRET_ACCESS_KEY: 'hidden', DOCKER_HOST: 'unix:///run/x.sock' }, FAKE);
    expect(Object.keys(engine.env).sort()).toEqual(['DOCKER_HOST', 'PATH', 'TMPDIR']);
    expect(engine).toMatchObject({ kind: 'podman', rootless: false });
  });

  it('knows whether an image is there', async () => {
    const { engine } = await fakeEngine();
    expect(await hasImage(engine, 'present')).toBe(true);
    expect(await hasImage(engine, 'absent')).toBe(false);
  });
});

describe('the folders of a job', () => {
  // Only root may give folders away.
  it.skipIf(process.getuid?.() !== 0)('are given to the user that the process runs as', async () => {
    const folder = temporaryFolder();
    const { engine } = await fakeEngine();
    const command = containerCommand(options({ engine, user: { uid: 0, gid: 0 } }));
    const guarded = new JobProcess(command);
    await guarded.run(...job(folder, 'work'), { writes: [folder] });
    await guarded.stop();
    expect(statSync(folder)).toMatchObject({ uid: 10001, gid: 10001 });
  });
});
