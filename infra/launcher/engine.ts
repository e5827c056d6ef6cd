/** The container engine of this machine: Docker or Podman, whichever is there. */
import { execFile } from 'node:child_process';
import { basename } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);
/** An engine that does not answer a question for this long is of no use. */
const PATIENCE_MS = 60_000;
const KINDS = ['podman', 'docker'] as const;

/** Variables of our environment by which an engine's client finds its daemon, storage and settings; none reaches a container. */
const OF_THE_CLIENT = [
  'PATH', 'HOME', 'TMPDIR', 'XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'DBUS_SESSION_BUS_ADDRESS',
  'DOCKER_HOST', 'DOCKER_CONTEXT', 'DOCKER_CONFIG', 'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH',
  'CONTAINERS_CONF', 'CONTAINERS_STORAGE_CONF', 'CONTAINERS_REGISTRIES_CONF',
];

export interface Engine {
  kind: (typeof KINDS)[number];
  /** Its program, by name or path. */
  program: string;
  /** Whether the engine itself runs as an ordinary user. */
  rootless: boolean;
  /** Environment of its client. */
  env: Readonly<Record<string, string>>;
}

/** No engine, or one that cannot do what is asked; starting again does not help. */
export class NoEngine extends Error {
  override readonly name = 'NoEngine';
  readonly nonRetryable = true;
}

/**
 * The engine that `wanted` names (`docker`, `podman` or a path), else the first one that answers, Podman before Docker.
 * Throws `NoEngine` with what was tried.
 */
export async function findEngine(env: NodeJS.ProcessEnv, wanted = env.NEEDLEWORK_CONTAINER_ENGINE): Promise<Engine> {
  const clientEnv = Object.fromEntries(OF_THE_CLIENT.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
  const refusals: string[] = [];
  for (const program of wanted ? [wanted] : KINDS) {
    try {
      return await probe(program, clientEnv);
    } catch (error) {
      refusals.push(`${program}: ${firstLine(error)}`);
    }
  }
  throw new NoEngine(`NEEDLEWORK_CONTAINER_ENGINE: found no container engine that works (${refusals.join('; ')}), allowed: podman, docker, or the path of one`);
}

/** Runs a command of the engine to its end; its standard output. Throws with the first line of what it complained about. */
export async function ask({ program, env }: Pick<Engine, 'program' | 'env'>, ...args: string[]): Promise<string> {
  const { stdout } = await execute(program, args, { env, timeout: PATIENCE_MS, maxBuffer: 16 * 2 ** 20 });
  return stdout.trim();
}

export async function hasImage(engine: Engine, image: string): Promise<boolean> {
  return ask(engine, 'image', 'inspect', '--format', '{{.Id}}', image).then(
    () => true,
    () => false,
  );
}

async function probe(program: string, env: Engine['env']): Promise<Engine> {
  // Podman is also found under the name docker.
  const kind = /podman/i.test(`${await ask({ program, env }, '--version')} ${basename(program)}`) ? 'podman' : 'docker';
  // Both questions need more than the client: a daemon that runs, a storage that can be opened.
  const answer = kind === 'podman' ? await ask({ program, env }, 'info', '--format', '{{.Host.Security.Rootless}}') : await ask({ program, env }, 'info', '--format', '{{.SecurityOptions}}');
  return { kind, program, env, rootless: kind === 'podman' ? answer === 'true' : answer.includes('rootless') };
}

/** What a program complained about, without the command line that Node puts before it. */
function firstLine(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  return (stderr?.trim() || message).split('\n', 1)[0]!;
}
