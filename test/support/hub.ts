import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type FileServer, startFileServer } from './file-server.ts';

/** What of a repository's file is wrong, if anything. */
export interface Flaws {
  /** Ends the connection after so many bytes of an answer, as often as there are numbers. */
  cuts?: number[];
  /** Bytes that are sent instead of those that are listed. */
  sent?: Buffer;
}

export interface HubServer {
  endpoint: string;
  /** Requests to the hub itself; `cdn.requests` has those to the host that large files lie on. */
  requests: { path: string; headers: IncomingHttpHeaders }[];
  cdn: FileServer;
  /** Puts a model on the hub. With a token, nobody sees its files without. */
  publish: (id: string, revision: string, files: Record<string, Buffer>, options?: { token?: string; large?: RegExp; flaws?: Record<string, Flaws> }) => void;
  /** Statuses that the next listings are answered with. */
  statuses: number[];
  stop: () => Promise<void>;
}

interface Published {
  files: Record<string, Buffer>;
  token: string | undefined;
  large: RegExp;
}

/** A server that speaks as the Hugging Face hub does: lists of files, small files by itself, large ones by redirects to another host. */
export async function startHub(): Promise<HubServer> {
  const cdn = await startFileServer();
  const models = new Map<string, Published>();
  const requests: HubServer['requests'] = [];
  const statuses: number[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    requests.push({ path, headers: request.headers });
    const [, list, id, revision, file] = /^\/(api\/models\/)?([^/]+\/[^/]+)\/(?:revision|resolve)\/([0-9a-f]{40})(?:\/([^?]+))?/.exec(path) ?? [];
    const model = models.get(`${id}@${revision}`);
    const status = list === undefined ? undefined : statuses.shift();
    if (status !== undefined) return void response.writeHead(status).end();
    if (model === undefined) return void response.writeHead(404, { 'x-error-code': 'RevisionNotFound' }).end();
    const authorized = model.token === undefined || request.headers.authorization === `Bearer ${model.token}`;
    if (list !== undefined) return void response.end(JSON.stringify(listing(revision!, model)));
    if (!authorized) return void response.writeHead(request.headers.authorization === undefined ? 401 : 403, { 'x-error-code': 'GatedRepo' }).end();
    const bytes = model.files[file!];
    if (bytes === undefined) return void response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end();
    if (model.large.test(file!)) return void response.writeHead(302, { location: cdn.url(`/blobs/${sha256(bytes)}?X-Amz-Signature=secret-of-the-cdn`) }).end();
    response.writeHead(200, { etag: `"${gitBlob(bytes)}"`, 'content-length': bytes.length });
    response.end(bytes);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    cdn,
    statuses,
    publish: (id, revision, files, { token, large = /\.safetensors$/, flaws = {} } = {}) => {
      models.set(`${id}@${revision}`, { files, token, large });
      for (const [name, bytes] of Object.entries(files)) {
        const { cuts, sent } = flaws[name] ?? {};
        if (large.test(name)) cdn.files.set(`/blobs/${sha256(bytes)}`, { bytes: sent ?? bytes, ...(cuts && { cuts }) });
      }
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await Promise.all([once(server, 'close'), cdn.stop()]);
    },
  };
}

function listing(revision: string, { files, large }: Published) {
  return {
    id: 'as the hub says it',
    sha: revision,
    siblings: Object.entries(files).map(([rfilename, bytes]) => ({
      rfilename,
      size: bytes.length,
      blobId: gitBlob(bytes),
      ...(large.test(rfilename) && { lfs: { sha256: sha256(bytes), size: bytes.length, pointerSize: 135 } }),
    })),
  };
}

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
export const gitBlob = (bytes: Buffer): string => createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
