import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import type { OpenAI } from 'openai';
import { z } from 'zod';
import type { Form } from '../dialect.ts';
import { Endpoint } from '../endpoint.ts';
import { LlmFault } from '../errors.ts';
import { retrying } from '../retry.ts';
import type { BatchOptions } from './options.ts';

/** Where our batches carry the tag of their requests, and the ledger they are charged to. */
const TAG = 'needlework';
const LEDGER = 'ledger';
/** How far back batches are looked for. Their results are kept for a month; whoever comes back later pays anew. */
const RECENT_MS = 14 * 24 * 3_600_000;
const PAGE = 100;
/** Files of requests are large, and so are those of results. */
const TIMEOUT_MS = 15 * 60_000;
const MOST_BYTES = 2 ** 32;

const Batch = z.object({
  id: z.string().min(1),
  status: z.string(),
  created_at: z.number(),
  output_file_id: z.string().nullish(),
  error_file_id: z.string().nullish(),
  errors: z.object({ data: z.array(z.object({ code: z.string().nullish(), message: z.string().nullish() })).nullish() }).nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
});

/** A batch as the endpoint has it. */
export interface RemoteBatch {
  id: string;
  /** Pending: it is worked on. Failed: none of its requests was. Ended: all that will ever be done is. */
  state: 'pending' | 'failed' | 'ended';
  createdAt: number;
  /** Files of results, where there are any. */
  output: string | null;
  errors: string | null;
  failure: { code: string | null; message: string } | null;
  tag: string | null;
  ledger: string | null;
}

/** The Batch API of an endpoint; every request to it is tried again where that may help. */
export class RemoteBatches {
  readonly #endpoint: Endpoint;
  readonly #options: BatchOptions;

  /** @throws LlmNotConfigured */
  constructor(options: BatchOptions) {
    this.#endpoint = new Endpoint(options.env, { timeoutMs: TIMEOUT_MS, tokensField: options.tokensField, mostBytes: MOST_BYTES });
    this.#options = options;
  }

  /** How requests are written, here and in files. */
  get form(): Form {
    return this.#endpoint.form;
  }

  /** Our recent batches, newest first. */
  recent(): Promise<RemoteBatch[]> {
    return this.#request(async (client, signal) => {
      const found: RemoteBatch[] = [];
      for await (const batch of client.batches.list({ limit: PAGE }, { signal })) {
        const read = readBatch(batch);
        if (read.createdAt < Date.now() - RECENT_MS) break;
        if (read.tag !== null) found.push(read);
      }
      return found;
    });
  }

  get(id: string): Promise<RemoteBatch> {
    return this.#request(async (client, signal) => readBatch(await client.batches.retrieve(id, { signal })));
  }

  /**
   * Uploads a file of requests and makes a batch of it, charged to the ledger. A lost answer may stand for a batch that was
   * made, so before every further try `existing` is asked for that.
   */
  async create({ tag, text }: { tag: string; text: string }, existing: () => Promise<RemoteBatch | null>): Promise<RemoteBatch> {
    const { signal, retry, ledger } = this.#options;
    return retrying(
      async (number) => {
        const made = number > 1 ? await existing() : null;
        if (made !== null) return made;
        return this.#endpoint.call(async (client) => {
          const file = await client.files.create({ file: new File([text], `needlework-${tag.slice(0, 16)}.jsonl`), purpose: 'batch' }, { signal });
          const metadata = { [TAG]: tag, [LEDGER]: ledger };
          return readBatch(await client.batches.create({ input_file_id: file.id, endpoint: '/v1/chat/completions', completion_window: '24h', metadata }, { signal }));
        }, signal);
      },
      { ...retry, signal },
    );
  }

  async cancel(id: string): Promise<void> {
    await this.#request((client, signal) => client.batches.cancel(id, { signal }));
  }

  /** Writes a file of results to `path`. */
  async download(fileId: string, path: string): Promise<void> {
    await this.#request(async (client, signal) => {
      const { body } = await client.files.content(fileId, { signal });
      if (body === null) throw new LlmFault('malformed', `the file ${fileId} has no content`);
      await pipeline(Readable.fromWeb(body as ReadableStream), createWriteStream(path));
    });
  }

  #request<T>(perform: (client: OpenAI, signal: AbortSignal | undefined) => Promise<T>): Promise<T> {
    const { signal, retry } = this.#options;
    return retrying(() => this.#endpoint.call((client) => perform(client, signal), signal), { ...retry, signal });
  }
}

function readBatch(body: unknown): RemoteBatch {
  const parsed = Batch.safeParse(body);
  if (!parsed.success) throw new LlmFault('malformed', `the answer has not the form of a batch (${parsed.error.issues[0]?.path.join('.') ?? ''})`);
  const { id, status, created_at, output_file_id, error_file_id, errors, metadata } = parsed.data;
  const error = errors?.data?.[0];
  return {
    id,
    state: status === 'failed' ? 'failed' : status === 'completed' || status === 'expired' || status === 'cancelled' ? 'ended' : 'pending',
    createdAt: created_at * 1000,
    output: output_file_id ?? null,
    errors: error_file_id ?? null,
    failure: error === undefined ? null : { code: error.code ?? null, message: error.message ?? '' },
    tag: metadata?.[TAG] ?? null,
    ledger: metadata?.[LEDGER] ?? null,
  };
}
