/** The base image that the tests build on: the Containerfile's own, or one of Debian packages where no image registry is reached. */
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ask, type Engine, hasImage, NoEngine } from '#infra/launcher/engine.ts';
import { CONTAINERFILE } from '#workers/trainer-image.ts';

const execute = promisify(execFile);
const DEBIAN = 'localhost/needlework-test-base:bookworm';

const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

export interface Base {
  image: string;
  /** What the engine's `build` needs beside. */
  buildOptions: string[];
}

/** NEEDLEWORK_TEST_BASE_IMAGE, else the Containerfile's if it can be pulled, else a Debian made on the spot. Throws `NoEngine` where none can be had. */
export async function chooseBase(engine: Engine, say: (line: string) => void): Promise<Base> {
  const given = process.env.NEEDLEWORK_TEST_BASE_IMAGE;
  if (given) return { image: given, buildOptions: offline(engine) };
  const own = /^ARG BASE_IMAGE=(.+)$/m.exec(await readFile(CONTAINERFILE, 'utf8'))![1]!;
  const pulled = await execute(engine.program, ['pull', own], { env: engine.env, maxBuffer: 2 ** 26 }).then(
    () => true,
    () => false,
  );
  if (pulled) return { image: own, buildOptions: [] };
  if (!(await hasImage(engine, DEBIAN))) {
    say(`${own} cannot be pulled; debootstrap makes a Debian instead`);
    await importDebian(engine);
  }
  return { image: DEBIAN, buildOptions: offline(engine) };
}

async function importDebian({ program, env }: Engine): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'needlework-debian-'));
  try {
    await execute('debootstrap', ['--variant=minbase', '--include=python3,python3-venv,ca-certificates', 'bookworm', folder, 'http://deb.debian.org/debian'], { maxBuffer: 2 ** 26 });
    // Networks without registries often have an authority of their own for the package index.
    await copyFile(CERTIFICATES, join(folder, CERTIFICATES));
    await execute('/bin/sh', ['-c', 'tar -C "$1" -c . | "$2" import - "$3"', 'import', folder, program, DEBIAN], { env, maxBuffer: 2 ** 26 });
  } catch (error) {
    const { message } = error as Error;
    throw new NoEngine(`no base image: no registry is reached, and debootstrap (it needs root) made none (${message.split('\n', 1)[0]}); NEEDLEWORK_TEST_BASE_IMAGE names another one`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Builds on the host's network, and, by Podman, without privileges that such machines lack; Docker's daemon has them. */
function offline({ kind }: Engine): string[] {
  return ['--network', 'host', ...(kind === 'podman' ? ['--isolation', 'chroot'] : [])];
}

/**
 * Settings of Podman with which a container starts here, as variables; null where it starts without. Some virtual machines forbid to
 * raise limits, and have no systemd. Throws `NoEngine` where a container does not start at all.
 */
export async function forRestrictedHosts(engine: Engine, image: string): Promise<{ CONTAINERS_CONF: string } | null> {
  const starts = (env: Engine['env']) => ask({ program: engine.program, env }, 'run', '--rm', '--network', 'none', '--entrypoint', '/bin/true', image);
  try {
    await starts(engine.env);
    return null;
  } catch (error) {
    const refusal = new NoEngine(`${engine.program} starts no container here: ${(error as Error).message.split('\n').at(-1)}`);
    if (engine.kind !== 'podman' || engine.env.CONTAINERS_CONF) throw refusal;
    const CONTAINERS_CONF = join(tmpdir(), 'needlework-test-containers.conf');
    await writeFile(CONTAINERS_CONF, '[containers]\ndefault_ulimits = []\n[engine]\ncgroup_manager = "cgroupfs"\nruntime = "runc"\n');
    await starts({ ...engine.env, CONTAINERS_CONF }).catch(() => {
      throw refusal;
    });
    return { CONTAINERS_CONF };
  }
}
