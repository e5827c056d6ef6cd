import { rm } from 'node:fs/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { DownloadCache, type LocalCopy } from './cache.ts';
import { UnexpectedBytes } from './errors.ts';
import { openHttp } from './http.ts';
import { PartialFile } from './partial-file.ts';
import type { Open } from './remote.ts';
import { parseRemoteUrl, type RemoteUrl } from './remote-url.ts';
import { openS3 } from './s3.ts';
import { type DownloadProgress, type Patience, transfer } from './transfer.ts';

const PATIENCE: Patience = { attempts: 6, firstDelayMs: 500, longestDelayMs: 30_000, stallMs: 60_000 };

export interface DownloadsOptions {
  /** Holds the downloaded files; may be deleted at any time no one uses it. One `Downloads` per process works on it. */
  folder: string;
  /** Makes the client for `s3://` URLs; called for the first of them. */
  s3: () => S3Client;
  patience?: Partial<Patience>;
}

export interface FetchOptions {
  /** SHA-256 (hexadecimal) that the file must have. A local copy that has it is used without asking the server. */
  sha256?: string | undefined;
  /** Header for the URL's own host, of an `https://` URL; redirects to other hosts go without it. In no message and no file. */
  authorization?: string | undefined;
  onProgress?: ((progress: DownloadProgress) => void) | undefined;
  /** Aborting ends the download; what came so far is gone on with by the next one. */
  signal?: AbortSignal | undefined;
}

/**
 * Files of `https://` and `s3://` URLs as local copies, streamed to disk and hashed on the way. Lost connections are taken up
 * again where they broke. Queries of URLs, which may be signatures, are in no message and in no file.
 */
export class Downloads {
  readonly #cache: DownloadCache;
  readonly #makeS3: () => S3Client;
  readonly #patience: Patience;
  #s3: S3Client | null = null;
  /** The end of the last download of each URL: one goes on at a time, and the next finds what it brought. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor({ folder, s3, patience }: DownloadsOptions) {
    this.#cache = new DownloadCache(folder);
    this.#makeS3 = s3;
    this.#patience = { ...PATIENCE, ...patience };
  }

  /**
   * A local copy of the file at `url`: with `sha256` of exactly those bytes, else of what is there now.
   * Throws `DownloadRefused` or `UnexpectedBytes`, which no retry helps, or `DownloadInterrupted`.
   */
  async fetch(url: string, options: FetchOptions = {}): Promise<LocalCopy> {
    const remote = parseRemoteUrl(url);
    return this.#inTurn(remote.id, () => this.#fetch(remote, options));
  }

  async #fetch(remote: RemoteUrl, { sha256, authorization, onProgress, signal }: FetchOptions): Promise<LocalCopy> {
    signal?.throwIfAborted();
    const asked = sha256 === undefined ? null : await this.#cache.byHash(sha256);
    if (asked !== null) return asked;
    const found = sha256 === undefined ? await this.#cache.foundAt(remote.id) : null;
    const last = found === null ? null : await this.#cache.byHash(found.sha256);

    const folder = await this.#cache.partialFolder(remote.id);
    const partial = await PartialFile.open(folder);
    try {
      const unlessEtag = last === null ? undefined : found?.etag;
      const bring = () => transfer(this.#open(remote, authorization), partial, { shown: remote.shown, unlessEtag, patience: this.#patience, onProgress, signal });
      const unchanged = (await bring()) === 'unchanged';
      // Parts of two versions may have been put together, where a server mistakes one for the other.
      if (sha256 !== undefined && partial.continued && partial.digest().sha256 !== sha256) {
        await partial.restart();
        await bring();
      }
      const copy = unchanged && last !== null ? last : await this.#keep(remote, partial, sha256);
      await rm(folder, { recursive: true, force: true });
      return copy;
    } finally {
      await partial.close();
    }
  }

  async #keep({ id, shown, name }: RemoteUrl, partial: PartialFile, sha256: string | undefined): Promise<LocalCopy> {
    const digest = partial.digest();
    const { etag } = partial.facts;
    if (sha256 !== undefined && digest.sha256 !== sha256) {
      await partial.restart();
      throw new UnexpectedBytes(shown, digest, sha256);
    }
    const copy = await this.#cache.keep(partial.path, digest, name);
    if (etag !== null) await this.#cache.remember(id, { url: shown, etag, sha256: digest.sha256 });
    return copy;
  }

  #open(remote: RemoteUrl, authorization: string | undefined): Open {
    if (remote.kind === 'http') return (request) => openHttp(remote.url, request, authorization);
    this.#s3 ??= this.#makeS3();
    const s3 = this.#s3;
    return (request) => openS3(s3, remote, request);
  }

  async #inTurn<T>(id: string, work: () => Promise<T>): Promise<T> {
    const run = (this.#turns.get(id) ?? Promise.resolve()).then(work);
    const over = run.catch(() => {});
    this.#turns.set(id, over);
    try {
      return await run;
    } finally {
      if (this.#turns.get(id) === over) this.#turns.delete(id);
    }
  }
}
