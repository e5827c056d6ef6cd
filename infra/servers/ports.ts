/** Ports on this machine. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Where free ports are looked for: below those that Linux (from 32768) and macOS (from 49152) give to outgoing connections,
 * one of which might take a port between its being found free and its being listened on.
 */
const LOWEST = 10_000;
const ABOVE_HIGHEST = 32_768;
const TRIES = 100;

/** Ports that this process was given: two servers that are about to start must not be given the same one. */
const given = new Set<number>();

/**
 * `preferred` where it is free, else any free port. Another process may take it before it is used; the server that
 * was to use it then says so.
 * @throws where no free port is found
 */
export async function freePort(preferred: number, host = '127.0.0.1'): Promise<number> {
  return (await isFree(preferred, host)) ? preferred : anyFreePort(host);
}

/** A free port that nobody prefers, and that this process was not given before. @throws where none is found */
export async function anyFreePort(host = '127.0.0.1'): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = randomInt(LOWEST, ABOVE_HIGHEST);
    if (given.has(port) || !(await isFree(port, host))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`found no free port on ${host} in ${TRIES} tries between ${LOWEST} and ${ABOVE_HIGHEST - 1}`);
}

/** Whether a server could listen on the port now. */
export async function isFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ port, host, exclusive: true });
    await once(server, 'listening');
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EADDRINUSE' || code === 'EACCES') return false;
    throw error;
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}
