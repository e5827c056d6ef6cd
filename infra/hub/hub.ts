import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import type { LocalCopy } from '#infra/downloads/cache.ts';
import type { Downloads } from '#infra/downloads/downloads.ts';
import { DownloadRefused, UnexpectedBytes } from '#infra/downloads/errors.ts';
import { follow } from '#infra/downloads/http.ts';
import { isPassing } from '#infra/downloads/remote.ts';
import type { DownloadProgress } from '#infra/downloads/transfer.ts';
import { type HubAccess, hubAccess } from './access.ts';
import { HubRefused, HubUnavailable } from './errors.ts';
import type { HubFile } from './model-files.ts';

/** A model at a commit of its repository: the same bytes for ever. */
export interface HubModel {
  /** `org/name`. */
  id: string;
  /** Commit, 40 hexadecimal digits. */
  revision: string;
}

export interface HubOptions {
  downloads: Downloads;
  /** Holds HF_ENDPOINT and HF_TOKEN; read when a model is asked for. */
  env: NodeJS.ProcessEnv;
}

interface Watch {
  onProgress?: ((progress: DownloadProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
}

const Listing = z.looseObject({
  sha: z.string(),
  siblings: z.array(z.looseObject({ rfilename: z.string(), size: z.int(), blobId: z.string(), lfs: z.looseObject({ sha256: z.string(), size: z.int() }).nullish() })),
});

/** A hub that is busy with a listing this long is asked again later. */
const LISTING_MS = 60_000;

/** Models of the Hugging Face hub, or of a server that speaks as it does. The token is sent to the hub's own host only, and is in no message and in no file. */
export class Hub {
  readonly #downloads: Downloads;
  readonly #env: NodeJS.ProcessEnv;

  constructor({ downloads, env }: HubOptions) {
    this.#downloads = downloads;
    this.#env = env;
  }

  /** Every file of a model's repository at its revision. Throws `HubRefused` or `HubUnavailable`. */
  async list({ id, revision }: HubModel, { signal }: Watch = {}): Promise<HubFile[]> {
    const { endpoint, authorization } = hubAccess(this.#env);
    const url = new URL(`${endpoint}/api/models/${id}/revision/${revision}?blobs=true`);
    const timeout = AbortSignal.timeout(LISTING_MS);
    const answer = await this.#ask(url, authorization, AbortSignal.any([timeout, ...(signal ? [signal] : [])])).catch((error: unknown) => {
      signal?.throwIfAborted();
      if (error instanceof DownloadRefused) throw new HubRefused(error.message);
      throw new HubUnavailable(`${url.origin}: no answer on ${id}: ${reasonOf(error)}`);
    });
    if (answer.status !== 200) throw refusal({ id, revision }, answer.status, authorization !== undefined) ?? new HubUnavailable(`${url.origin}: found status ${answer.status} for ${id}`);
    const listing = Listing.safeParse(answer.body);
    if (!listing.success) throw new HubUnavailable(`${url.origin}: found an answer on ${id} that is no list of files`);
    if (listing.data.sha !== revision) throw new HubRefused(`${id}: found commit ${listing.data.sha}, allowed: the one asked for, ${revision}`);
    return listing.data.siblings.map(({ rfilename, size, blobId, lfs }) => ({ path: rfilename, bytes: lfs?.size ?? size, sha256: lfs?.sha256, gitBlob: blobId }));
  }

  /** A local copy of one file, checked. Throws `HubRefused`, `UnexpectedBytes` or `DownloadInterrupted`. */
  async fetch(model: HubModel, file: HubFile, { onProgress, signal }: Watch = {}): Promise<LocalCopy> {
    const access: HubAccess = hubAccess(this.#env);
    const url = `${access.endpoint}/${model.id}/resolve/${model.revision}/${file.path.split('/').map(encodeURIComponent).join('/')}`;
    const { authorization } = access;
    const copy = await this.#downloads.fetch(url, { sha256: file.sha256, authorization, onProgress, signal }).catch((error: unknown) => {
      throw (error instanceof DownloadRefused && error.status !== undefined && refusal(model, error.status, authorization !== undefined, file.path)) || error;
    });
    if (file.sha256 === undefined) {
      const found = await gitBlobOf(copy);
      if (found !== file.gitBlob) {
        await rm(copy.file, { force: true });
        throw new UnexpectedBytes(url, copy, `git blob ${file.gitBlob}`);
      }
    }
    return copy;
  }

  async #ask(url: URL, authorization: string | undefined, signal: AbortSignal): Promise<{ status: number; body: unknown }> {
    const response = await follow(url, { accept: 'application/json' }, signal, authorization);
    if (response.status === 200) return { status: 200, body: await response.json() };
    await response.body?.cancel();
    return { status: response.status, body: null };
  }
}

/** What a refusing status means for someone who wants a model; null for one that may pass. */
function refusal({ id, revision }: HubModel, status: number, hasToken: boolean, path?: string): HubRefused | null {
  if (isPassing(status)) return null;
  const what = path === undefined ? id : `${path} of ${id}`;
  if (status === 404) return new HubRefused(`${id}: found no ${path ?? 'such model or revision'} at revision ${revision}, allowed: org/name of a model on the hub, and one of its commits`);
  if (status === 401 || status === 403) {
    const token = hasToken ? "the token in HF_TOKEN does not open it: it must be valid, and its account must have accepted the model's licence on its page" : "accept the model's licence on its page and set HF_TOKEN in the environment of the worker";
    return new HubRefused(`${what}: found status ${status} (${token}; models that do not exist look the same), allowed: a model that may be read`);
  }
  return new HubRefused(`${what}: found status ${status}, allowed: a model that may be read`);
}

/** Git's name of a file's content. */
async function gitBlobOf({ file, bytes }: LocalCopy): Promise<string> {
  const hash = createHash('sha1').update(`blob ${bytes}\0`);
  await pipeline(createReadStream(file), async (chunks) => {
    for await (const chunk of chunks) hash.update(chunk as Buffer);
  });
  return hash.digest('hex');
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message || error.name;
}
