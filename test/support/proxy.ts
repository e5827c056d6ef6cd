/** A small TCP proxy before a server, for tests of bad connections: it can drop all of them, refuse new ones, and make every byte late. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Transform } from 'node:stream';

export class Proxy {
  readonly #server = createServer((client) => this.#serve(client));
  readonly #target: { host: string; port: number };
  readonly #open = new Set<Socket>();
  #refusing = false;
  #delayMs = 0;
  #cutAfterBytes: number | null = null;

  private constructor(target: { host: string; port: number }) {
    this.#target = target;
  }

  /** Listens on a port of its own, or on the one given, and passes all on to `target`. */
  static async start(target: { host: string; port: number }, port = 0): Promise<Proxy> {
    const proxy = new Proxy(target);
    proxy.#server.listen(port, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get connections(): number {
    // A pair of sockets is one.
    return this.#open.size / 2;
  }

  /** Resets all connections, and refuses new ones until `restore`. Returns how many there were. */
  drop(): number {
    this.#refusing = true;
    return this.#reset();
  }

  /** From now on every piece of every connection is so late. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  /** Resets the next connection in which the server has sent so many bytes, once. */
  cutAfter(bytes: number): void {
    this.#cutAfterBytes = bytes;
  }

  /** All is well again. */
  restore(): void {
    this.#refusing = false;
    this.#delayMs = 0;
    this.#cutAfterBytes = null;
  }

  async stop(): Promise<void> {
    this.#reset();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #reset(): number {
    const count = this.connections;
    for (const socket of this.#open) socket.resetAndDestroy();
    return count;
  }

  #serve(client: Socket): void {
    if (this.#refusing) {
      client.resetAndDestroy();
      return;
    }
    const server = connect(this.#target);
    const both = [client, server];
    for (const socket of both) {
      this.#open.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.once('close', () => {
        this.#open.delete(socket);
        // One that ended in order has its last words passed on; the pipes then end the other.
        if (!socket.readableEnded) for (const other of both) other.destroy();
      });
    }
    client.pipe(this.#late()).pipe(server);
    server.pipe(this.#cut(both)).pipe(this.#late()).pipe(client);
  }

  #late(): Transform {
    return new Transform({
      transform: (chunk, _, done) => {
        if (this.#delayMs === 0) done(null, chunk);
        else setTimeout(() => done(null, chunk), this.#delayMs);
      },
    });
  }

  #cut(both: readonly Socket[]): Transform {
    let sent = 0;
    return new Transform({
      transform: (chunk: Buffer, _, done) => {
        sent += chunk.length;
        if (this.#cutAfterBytes !== null && sent >= this.#cutAfterBytes) {
          this.#cutAfterBytes = null;
          for (const socket of both) socket.resetAndDestroy();
        } else done(null, chunk);
      },
    });
  }
}
