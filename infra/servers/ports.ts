/** Ports on this machine. */
import { createServer } from 'node:net';
import { once } from 'node:events';

/**
 * `preferred` where it is free, else any free port. Another process may take it before it is used; the server that
 * was to use it then says so.
 */
export async function freePort(preferred: number, host = '127.0.0.1'): Promise<number> {
  return (await tryPort(preferred, host)) ?? (await tryPort(0, host)) ?? Promise.reject(new Error(`no free port on ${host}`));
}

async function tryPort(port: number, host: string): Promise<number | null> {
  const server = createServer();
  try {
    server.listen({ port, host, exclusive: true });
    await once(server, 'listening');
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : null;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EADDRINUSE' || code === 'EACCES') return null;
    throw error;
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}
