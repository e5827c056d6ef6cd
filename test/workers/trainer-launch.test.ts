import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { buildArguments } from '#workers/cli/image.ts';
import { homeFrom } from '#workers/home.ts';
import { CONTAINERFILE, IMAGE_CONTEXT, trainerImage } from '#workers/trainer-image.ts';
import { trainerLaunch } from '#workers/trainer-launch.ts';
import { temporaryFolder } from '../support/folders.ts';

/** See there: an engine that only notes how it is called. */
const FAKE = fileURLToPath(new URL('../infra/launcher/fake-engine.sh', import.meta.url));

function environment(changes: NodeJS.ProcessEnv = {}) {
  const folder = temporaryFolder();
  const env = { PATH: process.env.PATH, TMPDIR: folder, NEEDLEWORK_HOME: join(folder, 'home'), NEEDLEWORK_PYTHON_ENV: '/env/bin/python', NEEDLEWORK_CONTAINER_ENGINE: FAKE, NEEDLEWORK_CONTAINER_IMAGE: 'present', ...changes };
  return { env, home: homeFrom(env), folder };
}

it('starts a local process unless a container is asked for', async () => {
  const { env, home } = environment();
  expect((await trainerLaunch(home, env)).command[0]).toBe('/env/bin/python');
  expect((await trainerLaunch(home, { ...env, NEEDLEWORK_LAUNCHER: 'container' })).command).toContain(FAKE);
  await expect(trainerLaunch(home, { ...env, NEEDLEWORK_LAUNCHER: 'vm' })).rejects.toThrow('NEEDLEWORK_LAUNCHER: found "vm", allowed: process, container');
});

it('mounts the folders of jobs and artifacts, and those that are named, and passes on no credential', async () => {
  const { env, home } = environment({ NEEDLEWORK_LAUNCHER: 'container', NEEDLEWORK_CONTAINER_FOLDERS: '/models', NEEDLEWORK_CONTAINER_OPTIONS: '--memory 8g', CUDA_VISIBLE_DEVICES: '1', AWS_SECRET_ACCESS_KEY: 'hidden', HF_TOKEN: 'hidden' });
  const { command, env: given } = await trainerLaunch(home, env);
  expect(command.filter((part) => part.startsWith('type=bind'))).toEqual([
    `type=bind,source=${home.scratchFolder},target=${home.scratchFolder}`,
    `type=bind,source=${home.artifactCache},target=${home.artifactCache},readonly`,
    'type=bind,source=/models,target=/models,readonly',
  ]);
  expect(existsSync(home.scratchFolder) && existsSync(home.artifactCache)).toBe(true);
  expect(command).toEqual(expect.arrayContaining(['--memory', '8g', 'CUDA_VISIBLE_DEVICES=1']));
  expect(JSON.stringify([command, given])).not.toContain('hidden');
});

it('removes what a killed worker of this home left, before it starts anything', async () => {
  const { env, home, folder } = environment({ NEEDLEWORK_LAUNCHER: 'container' });
  writeFileSync(join(folder, 'containers'), 'needlework-999999999-00000000-5\n');
  await trainerLaunch(home, env);
  expect(readFileSync(join(folder, 'calls'), 'utf8')).toMatch(/^rm --force needlework-999999999-00000000-5$/m);
});

it('says how to build an image that is not there', async () => {
  const { env, home } = environment({ NEEDLEWORK_LAUNCHER: 'container', NEEDLEWORK_CONTAINER_IMAGE: 'absent' });
  await expect(trainerLaunch(home, env)).rejects.toThrow(/has no image absent; "npx needlework image" builds it/);
  const own = await trainerImage();
  await expect(trainerLaunch(home, { ...env, NEEDLEWORK_CONTAINER_IMAGE: '' })).rejects.toThrow(`has no image ${own}`);
});

it('names the image by what goes into it', async () => {
  const folder = temporaryFolder();
  cpSync(IMAGE_CONTEXT, folder, { recursive: true });
  const name = await trainerImage();
  expect(name).toMatch(/^localhost\/needlework-trainer:[0-9a-f]{16}$/);
  expect(await trainerImage(folder)).toBe(name);
  writeFileSync(join(folder, 'README.md'), 'not in the image');
  expect(await trainerImage(folder)).toBe(name);
  writeFileSync(join(folder, 'requirements-deepspeed.lock'), '# another one\n');
  const other = await trainerImage(folder);
  expect(other).not.toBe(name);
  writeFileSync(join(folder, 'needlework_trainer', 'more.py'), '');
  expect([name, other]).not.toContain(await trainerImage(folder));
});

it('builds with base, index and whatever else is given', () => {
  expect(buildArguments('trainer:1', {}, [])).toEqual(['build', '--file', CONTAINERFILE, '--tag', 'trainer:1', IMAGE_CONTEXT]);
  expect(buildArguments('trainer:1', { base: 'debian:12', index: 'https://index/simple' }, ['--network', 'host']).slice(5, -1)).toEqual([
    '--build-arg', 'BASE_IMAGE=debian:12', '--build-arg', 'PIP_INDEX_URL=https://index/simple', '--network', 'host',
  ]);
});
