/**
 * A job process in a container: the same protocol on the same pipes as a local process. No network, no capability, a
 * root file system that cannot be written to, and of the host's files only the folders that jobs read and write.
 */
import { type Engine, NoEngine } from './engine.ts';
import type { JobProcessOptions, User } from './job-process.ts';

/** The label that tells the containers of one home from all others. */
export const HOME_LABEL = 'needlework.home';

/** The user of the image, where ours is root. */
export const IMAGE_USER: User = { uid: 10001, gid: 10001 };

export interface ContainerOptions {
  engine: Engine;
  image: string;
  /** Names the containers: `<name>-<process id of the guard>`. */
  name: string;
  /** Folder that the label names; leftovers are looked for by it. */
  home: string;
  /** Who we are. */
  user: User;
  /** Folders that jobs write to, and those that they only read; each at the same path inside, so that job files need no translation. */
  writable: readonly string[];
  readable: readonly string[];
  /** Whether the NVIDIA GPUs are passed through. */
  gpu: boolean;
  env: Readonly<Record<string, string>>;
  /** Further options of the engine's `run`. */
  options: readonly string[];
}

/**
 * Stands between us and the engine's client: hands it our pipes and signals, and sees to it that the container is gone when
 * the client is, and when the lifeline (fd 3) breaks, as it does when we end in whatever way, or this shell does.
 */
const GUARD = `
engine=$1
name=$2-$$
shift 2
remove() {
  "$engine" kill "$name"
  "$engine" rm --force "$name"
} >/dev/null 2>&1
exec 4<&0 </dev/null
"$engine" run --name "$name" "$@" <&4 3<&- 4<&- &
client=$!
( exec 4<&-; cat <&3 >/dev/null; remove ) &
watcher=$!
exec 3<&- 4<&-
trap 'kill -TERM "$client" 2>/dev/null' TERM INT HUP
while
  wait "$client"
  status=$?
  kill -0 "$client" 2>/dev/null
do :; done
kill "$watcher" 2>/dev/null
remove
exit "$status"
`;

/** How a job process is started in a container. Pure. Throws `NoEngine` where engine or folders do not allow it. */
export function containerCommand(options: ContainerOptions): Pick<JobProcessOptions, 'command' | 'env' | 'owner' | 'lifeline'> {
  const { engine, name } = options;
  const owner = options.user.uid === 0 ? IMAGE_USER : undefined;
  return {
    command: ['/bin/sh', '-c', GUARD, 'needlework-container', engine.program, name, ...runArguments(options)],
    env: { ...engine.env },
    lifeline: true,
    ...(owner && { owner }),
  };
}

/** The arguments of the engine's `run`, but for the name. Pure. */
export function runArguments({ engine, image, home, user, writable, readable, gpu, env, options }: ContainerOptions): string[] {
  return [
    '--rm', '--interactive', '--init', '--pull', 'never', '--log-driver', 'none',
    '--label', `${HOME_LABEL}=${home}`,
    '--read-only', '--network', 'none', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges',
    // Where SELinux is, it would forbid the folders below; the other choice is to relabel them, gigabytes each time.
    '--security-opt', 'label=disable',
    ...userArguments(engine, user),
    // Kernels that are compiled at run time are loaded from there, hence exec.
    '--tmpfs', '/tmp:rw,exec,nosuid,nodev,mode=1777', '--shm-size', '1g',
    ...(engine.kind === 'podman' ? ['--http-proxy=false'] : []),
    ...writable.flatMap((folder) => ['--mount', mount(folder)]),
    ...readable.flatMap((folder) => ['--mount', `${mount(folder)},readonly`]),
    ...(gpu ? (engine.kind === 'podman' ? ['--device', 'nvidia.com/gpu=all'] : ['--gpus', 'all']) : []),
    ...Object.entries(env).flatMap(([variable, value]) => ['--env', `${variable}=${value}`]),
    ...options,
    image,
  ];
}

/** Never root: our own user, so that what is written is ours; where we are root, the image's user. */
function userArguments({ kind, rootless }: Engine, user: User): string[] {
  if (user.uid === 0) return ['--user', `${IMAGE_USER.uid}:${IMAGE_USER.gid}`];
  if (rootless && kind === 'docker') {
    throw new NoEngine('NEEDLEWORK_CONTAINER_ENGINE: found a rootless Docker, in which no user but root can write to our folders; allowed: podman, or a Docker whose daemon runs as root');
  }
  return [...(rootless ? ['--userns', 'keep-id'] : []), '--user', `${user.uid}:${user.gid}`];
}

function mount(folder: string): string {
  if (!folder.startsWith('/') || /[,"\n]/.test(folder)) throw new NoEngine(`a folder for the container: found ${JSON.stringify(folder)}, allowed: an absolute path without comma, quote and line break`);
  return `type=bind,source=${folder},target=${folder}`;
}
