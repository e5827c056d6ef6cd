import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { containerCommand } from '#infra/launcher/container.ts';
import { findEngine, hasImage, NoEngine } from '#infra/launcher/engine.ts';
import type { JobProcessOptions } from '#infra/launcher/job-process.ts';
import { nameOfContainers, removeLeftovers } from '#infra/launcher/leftovers.ts';
import type { Home } from './home.ts';
import { trainerCommand } from './trainer-command.ts';
import { trainerImage } from './trainer-image.ts';

/** Present where an NVIDIA driver is. */
export const NVIDIA_DEVICE = '/dev/nvidiactl';

/** Variables of our own environment that a trainer in a container may see; the image sets all others. */
const PASSED_ON = ['CUDA_VISIBLE_DEVICES', 'NEEDLEWORK_TRAINER_THREADS'];

/**
 * How this worker starts its trainers: as local processes or, with NEEDLEWORK_LAUNCHER=container, in containers. Containers
 * that a killed worker of this home left behind are removed first.
 * @throws `NoEngine` where there is no engine or no image
 */
export async function trainerLaunch(home: Home, env: NodeJS.ProcessEnv): Promise<Pick<JobProcessOptions, 'command' | 'env' | 'owner' | 'lifeline'>> {
  const launcher = env.NEEDLEWORK_LAUNCHER || 'process';
  if (launcher === 'process') return trainerCommand(env);
  if (launcher !== 'container') throw new Error(`NEEDLEWORK_LAUNCHER: found "${launcher}", allowed: process, container`);
  const engine = await findEngine(env);
  const image = env.NEEDLEWORK_CONTAINER_IMAGE || (await trainerImage());
  if (!(await hasImage(engine, image))) throw new NoEngine(`NEEDLEWORK_CONTAINER_IMAGE: ${engine.program} has no image ${image}; "npx needlework image" builds it`);
  await removeLeftovers(engine, home.folder);
  // An engine mounts only what exists.
  for (const folder of [home.scratchFolder, home.artifactCache]) await mkdir(folder, { recursive: true });
  return containerCommand({
    engine,
    image,
    name: nameOfContainers(process.pid),
    home: home.folder,
    user: { uid: process.getuid!(), gid: process.getgid!() },
    writable: [home.scratchFolder],
    readable: [home.artifactCache, ...listOf(env.NEEDLEWORK_CONTAINER_FOLDERS, ':')],
    gpu: existsSync(NVIDIA_DEVICE),
    env: Object.fromEntries(PASSED_ON.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]))),
    options: listOf(env.NEEDLEWORK_CONTAINER_OPTIONS, /\s+/),
  });
}

function listOf(text: string | undefined, separator: string | RegExp): string[] {
  return (text ?? '').split(separator).filter((part) => part !== '');
}
