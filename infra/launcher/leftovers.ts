/** Containers that outlived their worker, for instance as the whole machine's processes were killed but the engine's. */
import { createHash } from 'node:crypto';
import { commandLineOf } from '../servers/processes.ts';
import { HOME_LABEL } from './container.ts';
import { ask, type Engine } from './engine.ts';

type CommandOf = (pid: number) => string | null;

/** The name of this worker's containers: its process id, and a mark of its command line, since process ids are reused. */
export function nameOfContainers(pid: number, commandOf: CommandOf = commandLineOf): string {
  const mark = createHash('sha256').update(commandOf(pid) ?? '').digest('hex').slice(0, 8);
  return `needlework-${pid}-${mark}`;
}

/**
 * Whether a container of this name has lost its worker. Pure but for `commandOf`. `ownPid`, which has started none yet, has lost
 * those that bear its number: a worker that is itself in a container has the same number every time.
 */
export function isLeftover(container: string, ownPid: number, commandOf: CommandOf = commandLineOf): boolean {
  const found = /^(needlework-(\d+)-[0-9a-f]{8})-\d+$/.exec(container);
  if (found === null) return false;
  const pid = Number(found[2]);
  return pid === ownPid || commandOf(pid) === null || nameOfContainers(pid, commandOf) !== found[1];
}

/** Removes the containers of a home whose workers are gone; call before this process starts its first. Returns their names. */
export async function removeLeftovers(engine: Engine, home: string): Promise<string[]> {
  const leftovers = (await containersOf(engine, home)).filter((name) => isLeftover(name, process.pid));
  for (const name of leftovers) {
    // Each alone: one that ends by itself meanwhile is no error. `kill`, as Podman's `rm` would wait ten seconds.
    await ask(engine, 'kill', name).catch(() => {});
    await ask(engine, 'rm', '--force', name).catch(() => {});
  }
  return leftovers;
}

/** Names of all containers of a home, whatever their state. */
export async function containersOf(engine: Engine, home: string): Promise<string[]> {
  const names = await ask(engine, 'ps', '--all', '--filter', `label=${HOME_LABEL}=${home}`, '--format', '{{.Names}}');
  return names.split('\n').filter((name) => name !== '');
}
