/** How each class of faults is done to a running fleet. */
import type { SeededRandom } from '#activities/random/seeded.ts';
import type { FaultClass } from './classes.ts';
import { type Damaged, damage, wantedArtifacts } from './corruption.ts';
import type { Fleet, Machine } from './fleet.ts';
import { trainersOf } from './supervised.ts';
import type { StormyEndpoint } from './sweep.ts';
import { atWork, type Seen } from './watch.ts';

export interface Scene {
  fleet: Fleet;
  llm: StormyEndpoint;
  seen: Seen;
  /** What lasts for a while, by what it is done to; a second such fault waits until it is over. */
  lasting: Lasting;
  damaged: Damaged[];
}

/** Faults that are over by themselves. */
export class Lasting {
  readonly #ends = new Map<object, { timer: NodeJS.Timeout; end: () => void }>();

  has(what: object): boolean {
    return this.#ends.has(what);
  }

  begin(what: object, ms: number, end: () => void): void {
    const over = () => {
      this.#ends.delete(what);
      end();
    };
    this.#ends.set(what, { timer: setTimeout(over, ms), end: over });
  }

  endAll(): void {
    for (const { timer, end } of [...this.#ends.values()]) {
      clearTimeout(timer);
      end();
    }
  }
}

interface Fault {
  /** Whether it can be done, and would be felt, now. */
  applies: (scene: Scene) => boolean;
  /** Does it; says what was done. */
  strike: (scene: Scene, random: SeededRandom) => string | null;
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
const between = (random: SeededRandom, least: number, most: number) => Math.round(least + (most - least) * random.float());
const pick = <T>(random: SeededRandom, items: readonly T[]): T => items[random.int(items.length)]!;

function killed(machine: Machine, random: SeededRandom, { seen }: Scene): string {
  const downMs = between(random, 500, 5_000);
  const { pid } = machine.worker;
  machine.worker.kill(downMs);
  return `kill -9 ${machine.worker.name} (${pid}), for ${seconds(downMs)}; ${atWork(seen)}`;
}

const up = (role: Machine['role']) => ({ fleet }: Scene) => fleet.machines.filter((machine) => machine.role === role && machine.worker.pid !== null);
const lightUp = up('light');
const trainersUp = up('trainer');
const serverOf = ({ fleet }: Scene, name: 's3' | 'temporal') => fleet.servers.find((server) => server.name === name)!;

function serverKill(name: 's3' | 'temporal'): Fault {
  return {
    applies: (scene) => serverOf(scene, name).pid !== null,
    strike: (scene, random) => {
      const server = serverOf(scene, name);
      const downMs = between(random, 500, 8_000);
      const { pid } = server;
      server.kill(downMs);
      return `kill -9 ${name} (${pid}), for ${seconds(downMs)}; ${atWork(scene.seen)}`;
    },
  };
}

const quiet = ({ fleet, lasting }: Scene) => fleet.servers.filter(({ proxy }) => !lasting.has(proxy) && proxy.connections > 0);
const emptyDisks = ({ fleet, lasting }: Scene) => fleet.machines.filter(({ disk, worker }) => disk !== null && !lasting.has(disk) && worker.pid !== null);

export const FAULTS: Readonly<Record<FaultClass, Fault>> = {
  'light-worker': { applies: (scene) => lightUp(scene).length > 0, strike: (scene, random) => killed(pick(random, lightUp(scene)), random, scene) },
  'trainer-worker': { applies: (scene) => trainersUp(scene).length > 0, strike: (scene, random) => killed(pick(random, trainersUp(scene)), random, scene) },
  trainer: {
    applies: (scene) => trainersUp(scene).some(({ worker }) => trainersOf(worker.pid!).length > 0),
    strike: (scene, random) => {
      const pids = trainersUp(scene).flatMap(({ worker }) => trainersOf(worker.pid!).map((pid) => ({ pid, name: worker.name })));
      if (pids.length === 0) return null;
      const { pid, name } = pick(random, pids);
      process.kill(pid, 'SIGKILL');
      return `kill -9 the trainer (${pid}) of ${name}; ${atWork(scene.seen)}`;
    },
  },
  s3: serverKill('s3'),
  temporal: serverKill('temporal'),
  drop: {
    applies: (scene) => quiet(scene).length > 0,
    strike: (scene, random) => {
      const { name, proxy } = pick(random, quiet(scene));
      const ms = between(random, 100, 8_000);
      const count = proxy.drop();
      scene.lasting.begin(proxy, ms, () => proxy.restore());
      return `${count} connections to ${name} reset, and none taken for ${seconds(ms)}; ${atWork(scene.seen)}`;
    },
  },
  delay: {
    applies: (scene) => quiet(scene).length > 0,
    strike: (scene, random) => {
      const { name, proxy } = pick(random, quiet(scene));
      const ms = between(random, 5_000, 15_000);
      const late = between(random, 100, 1_500);
      proxy.delay(late);
      scene.lasting.begin(proxy, ms, () => proxy.restore());
      return `every piece to and from ${name} ${seconds(late)} late, for ${seconds(ms)}; ${atWork(scene.seen)}`;
    },
  },
  disk: {
    applies: (scene) => emptyDisks(scene).length > 0,
    strike: (scene, random) => {
      const { disk, worker } = pick(random, emptyDisks(scene));
      if (disk === null) return null;
      const ms = between(random, 3_000, 20_000);
      const bytes = disk.fill();
      scene.lasting.begin(disk, ms, () => disk.clear());
      return `disk of ${worker.name} filled with ${Math.round(bytes / 2 ** 20)} MiB, for ${seconds(ms)}; ${atWork(scene.seen)}`;
    },
  },
  corrupt: {
    applies: ({ seen }) => seen.plan !== null && wantedArtifacts(seen.plan).length > 0,
    strike: ({ fleet, seen, damaged, lasting }, random) => {
      const done = damage(fleet.s3Folder, wantedArtifacts(seen.plan!), random);
      if (done === null) return null;
      damaged.push(done);
      for (const machine of fleet.machines) {
        if (machine.disk !== null && lasting.has(machine.disk)) continue;
        machine.worker.kill(1_000, machine.wipe);
      }
      return `artifact ${done.artifact}: ${done.how}; all machines replaced by empty ones; ${atWork(seen)}`;
    },
  },
  llm: {
    applies: ({ seen, llm }) => !llm.storming && (seen.progress?.shared.some(({ name, status }) => status === 'running' && /needles|passages|paragraphs/.test(name)) ?? false),
    strike: ({ llm, lasting, seen }, random) => {
      const ms = between(random, 3_000, 12_000);
      llm.begin(random.int(2 ** 31));
      lasting.begin(llm, ms, () => llm.end());
      return `the LLM answers with errors, or not at all, for ${seconds(ms)}; ${atWork(seen)}`;
    },
  },
};
