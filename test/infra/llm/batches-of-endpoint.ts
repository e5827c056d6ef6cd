/** The files and batches of the test endpoint. A batch waits until `finish` is called. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { TestEndpoint } from './endpoint.ts';
import { CompletionRequest, completion, readBody, sendJson } from './protocol.ts';

const Line = z.strictObject({ custom_id: z.string().max(64), method: z.literal('POST'), url: z.literal('/v1/chat/completions'), body: CompletionRequest });
const NewBatch = z.object({ input_file_id: z.string(), endpoint: z.literal('/v1/chat/completions'), completion_window: z.literal('24h'), metadata: z.record(z.string(), z.string()) });

interface TestBatch extends z.infer<typeof NewBatch> {
  id: string;
  object: 'batch';
  status: 'in_progress' | 'completed' | 'failed' | 'expired' | 'cancelled';
  created_at: number;
  output_file_id?: string;
  error_file_id?: string;
  errors?: { object: 'list'; data: { code: string; message: string }[] };
}

export class TestBatches {
  readonly files = new Map<string, string>();
  readonly all: TestBatch[] = [];
  /** The next so many batches are made, but the connection is closed instead of an answer. */
  lostAnswers = 0;
  /** The next so many files of results are sent by half. */
  cutFiles = 0;
  /** Whether there is no such API. */
  absent = false;
  readonly #endpoint: TestEndpoint;

  constructor(endpoint: TestEndpoint) {
    this.#endpoint = endpoint;
  }

  /** Requests within a batch. */
  linesOf(batch: TestBatch): z.infer<typeof Line>[] {
    return (this.files.get(batch.input_file_id) ?? '').split('\n').filter((line) => line !== '').map((line) => Line.parse(JSON.parse(line)));
  }

  /** Works off all waiting batches: up to `most` requests each, which then are as `unfinished` says where some are left. */
  finish(most = Number.POSITIVE_INFINITY, unfinished: 'expired' | 'cancelled' = 'expired'): void {
    for (const batch of this.all.filter(({ status }) => status === 'in_progress')) this.#finish(batch, most, unfinished);
  }

  /** Refuses a batch as a whole. */
  fail(at: number, code: string, message: string): void {
    Object.assign(this.all[at] as TestBatch, { status: 'failed', errors: { object: 'list', data: [{ code, message }] } });
  }

  #finish(batch: TestBatch, most: number, unfinished: 'expired' | 'cancelled'): void {
    const output: string[] = [];
    const errors: string[] = [];
    const lines = this.linesOf(batch);
    for (const { custom_id, body } of lines.slice(0, most)) {
      const { prompt, behaviour } = this.#endpoint.receive(body);
      if (behaviour.kind === 'reply' || behaviour.kind === 'refusal') {
        this.#endpoint.charge(prompt);
        const made = behaviour.kind === 'reply' ? completion(behaviour.text ?? `reply to ${prompt}`, { finishReason: behaviour.finishReason }) : completion(null, { refusal: behaviour.text });
        output.push(JSON.stringify({ id: `r-${custom_id}`, custom_id, response: { status_code: 200, request_id: 'q', body: made }, error: null }));
      } else if (behaviour.kind === 'body') {
        this.#endpoint.charge(prompt);
        output.push(JSON.stringify({ id: `r-${custom_id}`, custom_id, response: { status_code: 200, request_id: 'q', body: JSON.parse(behaviour.body) as unknown }, error: null }));
      } else if (behaviour.kind === 'status') {
        errors.push(JSON.stringify({ id: `r-${custom_id}`, custom_id, response: { status_code: behaviour.status, request_id: 'q', body: { error: behaviour.error ?? { message: 'told to fail' } } }, error: null }));
      } else {
        errors.push(JSON.stringify({ id: `r-${custom_id}`, custom_id, response: null, error: { code: 'server_error', message: 'told to fail' } }));
      }
    }
    for (const { custom_id } of lines.slice(most)) errors.push(JSON.stringify({ id: `r-${custom_id}`, custom_id, response: null, error: { code: 'batch_expired', message: 'This request could not be executed before the completion window expired.' } }));
    batch.status = lines.length > most ? unfinished : 'completed';
    if (output.length > 0) batch.output_file_id = this.#put(`${output.join('\n')}\n`);
    if (errors.length > 0) batch.error_file_id = this.#put(`${errors.join('\n')}\n`);
  }

  #put(text: string): string {
    const id = `file-${this.files.size + 1}`;
    this.files.set(id, text);
    return id;
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url as string, this.#endpoint.url);
    const body = await readBody(request);
    if (this.absent) return sendJson(response, 404, { detail: 'Not Found' });
    const [, resource, id, part] = url.pathname.slice(1).split('/');
    const route = `${request.method} ${resource}${id === undefined ? '' : '/id'}${part === undefined ? '' : `/${part}`}`;
    if (route === 'POST files') {
      const form = await new Response(new Uint8Array(body), { headers: { 'content-type': request.headers['content-type'] as string } }).formData();
      if (form.get('purpose') !== 'batch') return sendJson(response, 400, { error: { message: 'purpose must be batch' } });
      const file = this.#put(await (form.get('file') as File).text());
      return sendJson(response, 200, { id: file, object: 'file', bytes: body.length, created_at: now(), filename: 'requests.jsonl', purpose: 'batch', status: 'processed' });
    }
    if (route === 'GET files/id/content' && this.files.has(id as string)) {
      if (this.cutFiles > 0) {
        this.cutFiles -= 1;
        const text = this.files.get(id as string) as string;
        response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': Buffer.byteLength(text) });
        response.write(text.slice(0, text.length / 2), () => request.socket.destroy());
        return;
      }
      response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(this.files.get(id as string));
      return;
    }
    if (route === 'POST batches') {
      const batch: TestBatch = { ...NewBatch.parse(JSON.parse(body.toString())), id: `batch_${randomUUID()}`, object: 'batch', status: 'in_progress', created_at: now() };
      this.all.push(batch);
      if (this.lostAnswers > 0) {
        this.lostAnswers -= 1;
        request.socket.destroy();
        return;
      }
      return sendJson(response, 200, batch);
    }
    if (route === 'GET batches') {
      // Newest first, in small pages.
      const newest = this.all.toReversed();
      const from = newest.findIndex((batch) => batch.id === url.searchParams.get('after')) + 1;
      const data = newest.slice(from, from + 2);
      return sendJson(response, 200, { object: 'list', data, first_id: data[0]?.id, last_id: data.at(-1)?.id, has_more: from + 2 < newest.length });
    }
    const batch = this.all.find((candidate) => candidate.id === id);
    if (route === 'GET batches/id' && batch) return sendJson(response, 200, batch);
    if (route === 'POST batches/id/cancel' && batch) {
      batch.status = 'cancelled';
      return sendJson(response, 200, batch);
    }
    sendJson(response, 404, { error: { message: `no ${url.pathname} here` } });
  }
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}
