/** A server of the fleet: kept up as those of `needlework up` are, killed on purpose, and reached through a proxy. */
import { setTimeout as sleep } from 'node:timers/promises';
import { keepUp } from '#infra/servers/index.ts';
import type { RunningServer } from '#infra/servers/server.ts';
import { Proxy } from '../support/proxy.ts';

const HOST = '127.0.0.1';

/** More than any run has faults: what is killed on purpose is not given up. */
const RESTARTS = { most: 1_000, withinMs: 600_000, pauseMs: 100 };

/** A server that can be killed, and that is up again after a while on the same port and state. */
export interface Server {
  name: 's3' | 'temporal';
  /** Process id of what is up; null while it is down. */
  pid: number | null;
  /** kill -9, and up again after `downMs`. */
  kill: (downMs: number) => void;
  /** Between the workers and the server. */
  proxy: Proxy;
}

/** Starts a server by `start`, with a proxy before its `port`; `stops` gets what ends both. `say` is told of what nobody did on purpose. */
export async function keptServer(name: Server['name'], port: number, say: (text: string) => void, stops: (() => unknown)[], start: () => Promise<RunningServer>): Promise<Server> {
  let downMs = 0;
  let killed = false;
  let stopping = false;
  const startLater = async () => {
    await sleep(downMs);
    if (stopping) throw new Error('it is to be stopped');
    const running = await start();
    downMs = 0;
    server.pid = running.pid;
    return running;
  };
  const proxy = await Proxy.start({ host: HOST, port });
  const server: Server = {
    name,
    pid: null,
    proxy,
    kill: (forMs) => {
      if (server.pid === null) return;
      downMs = forMs;
      killed = true;
      process.kill(server.pid, 'SIGKILL');
      server.pid = null;
    },
  };
  const heard = (text: string) => {
    if (kept.trouble() !== null) server.pid = null;
    // The fault itself is told by whoever drew it.
    if (!killed) say(text.split('\n')[0]!);
    killed = false;
  };
  stops.push(() => proxy.stop());
  const kept = await keepUp(name, startLater, heard, RESTARTS);
  stops.push(async () => {
    stopping = true;
    await kept.stop();
  });
  return server;
}
