import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A file as the server has it. */
export interface ServedFile {
  bytes: Buffer;
  /** By default a strong one of the bytes; null: none. */
  etag?: string | null;
  /** Ends the connection after this many bytes of an answer, as often as there are numbers. */
  cuts?: number[];
  /** Answers with these statuses first, one each. */
  statuses?: number[];
  /** Sends the first byte and then nothing, as many times. */
  stalls?: number;
  /** Heeds `Range` but not `If-Range`, as no server should. */
  careless?: boolean;
  headers?: Record<string, string>;
}

export interface FileServer {
  url: (path: string) => string;
  /** Requests so far: path with query, and headers. */
  requests: { path: string; headers: IncomingHttpHeaders }[];
  /** Files by path, and paths that redirect. */
  files: Map<string, ServedFile>;
  redirects: Map<string, string>;
  stop: () => Promise<void>;
}

/** An HTTP server of files with ranges, conditions, redirects, and what goes wrong on networks. */
export async function startFileServer(): Promise<FileServer> {
  const requests: FileServer['requests'] = [];
  const files: FileServer['files'] = new Map();
  const redirects: FileServer['redirects'] = new Map();
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    requests.push({ path, headers: request.headers });
    const plain = path.split('?', 1)[0]!;
    const target = redirects.get(plain);
    const file = files.get(plain);
    if (target !== undefined) response.writeHead(302, { location: target }).end();
    else if (file === undefined) response.writeHead(404).end('no such file');
    else serve(file, request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: (path) => `http://127.0.0.1:${port}${path}`,
    requests,
    files,
    redirects,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function serve(file: ServedFile, { headers }: IncomingMessage, response: ServerResponse): void {
  const status = file.statuses?.shift();
  if (status !== undefined) return void response.writeHead(status).end();
  const { bytes } = file;
  const etag = file.etag === undefined ? `"${createHash('md5').update(bytes).digest('hex')}"` : file.etag;
  const common = { ...(etag !== null && { etag }), ...file.headers };
  if (etag !== null && headers['if-none-match'] === etag) return void response.writeHead(304, common).end();
  const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 'NaN');
  const ranged = !Number.isNaN(from) && (file.careless || headers['if-range'] === etag);
  if (ranged && from >= bytes.length) return void response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
  const body = ranged ? bytes.subarray(from) : bytes;
  response.writeHead(ranged ? 206 : 200, {
    ...common,
    'content-length': body.length,
    ...(ranged && { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` }),
  });
  const cut = file.cuts?.shift();
  if (cut !== undefined) {
    response.write(body.subarray(0, cut), () => setTimeout(() => response.destroy(), 20));
  } else if ((file.stalls ?? 0) > 0) {
    file.stalls = file.stalls! - 1;
    response.write(body.subarray(0, 1));
  } else response.end(body);
}
