/** An LLM endpoint for tests: a real HTTP server that speaks chat completions and batches, and misbehaves as it is told. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { TestBatches } from './batches-of-endpoint.ts';
import { CompletionRequest, completion, readBody, sendJson } from './protocol.ts';

/** What the endpoint does with one request. */
export type Behaviour =
  | { kind: 'reply'; text?: string; finishReason?: string; completionTokens?: number; afterMs?: number }
  | { kind: 'refusal'; text: string }
  | { kind: 'status'; status: number; headers?: Record<string, string>; error?: { message: string; code?: string; param?: string }; body?: unknown }
  /** Never answers. */
  | { kind: 'hang' }
  /** Closes the connection without a word. */
  | { kind: 'drop' }
  /** Closes the connection in the middle of a reply that was made, and is charged for. */
  | { kind: 'cut' }
  /** Sends the head and half of a reply that is charged for, then a blank every so often, or nothing more, and never ends. */
  | { kind: 'stall'; blankEveryMs?: number }
  /** A body that is charged for and is not a chat completion. */
  | { kind: 'body'; body: string; contentType?: string };

/** One request as a behaviour is chosen for it. */
export interface Asked {
  /** The last message. */
  prompt: string;
  /** Which request for this prompt it is, from 1. */
  times: number;
  /** Which request at all it is, from 1. */
  number: number;
  body: CompletionRequest;
}

export class TestEndpoint {
  /** Chooses what to do; a plain reply where it gives nothing. */
  behave: (asked: Asked) => Behaviour | undefined = () => undefined;
  /** Completions that were sent to their last byte, or made and lost on the way, by prompt: what a provider charges for. */
  readonly charged = new Map<string, number>();
  /** Requests received, by prompt. */
  readonly received = new Map<string, number>();
  readonly authorizations = new Set<string | undefined>();
  readonly batches = new TestBatches(this);
  /** Requests under way now, and the most there ever were. */
  underWay = 0;
  mostUnderWay = 0;
  #number = 0;
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  static async start(): Promise<TestEndpoint> {
    const endpoint = new TestEndpoint();
    endpoint.#server.listen(0, '127.0.0.1');
    await once(endpoint.#server, 'listening');
    return endpoint;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  get env(): { OPENAI_BASE_URL: string; OPENAI_API_KEY: string } {
    return { OPENAI_BASE_URL: this.url, OPENAI_API_KEY: 'sk-test-0123456789abcdef' };
  }

  /** Completions charged for, over all prompts. */
  get totalCharged(): number {
    return [...this.charged.values()].reduce((sum, times) => sum + times, 0);
  }

  get requests(): number {
    return this.#number;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** What the endpoint does with a request, online or within a batch. */
  receive(body: CompletionRequest): { prompt: string; behaviour: Behaviour } {
    const prompt = (body.messages.at(-1) as CompletionRequest['messages'][number]).content;
    const times = (this.received.get(prompt) ?? 0) + 1;
    this.received.set(prompt, times);
    this.#number += 1;
    return { prompt, behaviour: this.behave({ prompt, times, number: this.#number, body }) ?? { kind: 'reply' } };
  }

  charge(prompt: string): void {
    this.charged.set(prompt, (this.charged.get(prompt) ?? 0) + 1);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.authorizations.add(request.headers.authorization);
    const path = new URL(request.url as string, this.url).pathname;
    if (path !== '/v1/chat/completions') return this.batches.serve(request, response);
    const body = CompletionRequest.parse(JSON.parse((await readBody(request)).toString()));
    this.underWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    let open = true;
    const over = () => {
      if (open) this.underWay -= 1;
      open = false;
    };
    response.once('close', over);
    const { prompt, behaviour } = this.receive(body);
    if (behaviour.kind === 'reply' && behaviour.afterMs) await new Promise((resolve) => setTimeout(resolve, behaviour.afterMs));
    // Not under way any more before anyone can know of the answer.
    if (behaviour.kind !== 'hang' && behaviour.kind !== 'stall') over();
    switch (behaviour.kind) {
      case 'hang':
        return;
      case 'drop':
        request.socket.destroy();
        return;
      case 'cut': {
        this.charge(prompt);
        const text = JSON.stringify(completion(`reply to ${prompt}`));
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length });
        response.write(text.slice(0, text.length / 2), () => request.socket.destroy());
        return;
      }
      case 'status':
        sendJson(response, behaviour.status, behaviour.body ?? { error: behaviour.error ?? { message: `told to answer ${behaviour.status}` } }, behaviour.headers);
        return;
      case 'stall': {
        this.charge(prompt);
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write('{"choices":');
        if (behaviour.blankEveryMs === undefined) return;
        const trickle = setInterval(() => response.write(' '), behaviour.blankEveryMs);
        response.once('close', () => clearInterval(trickle));
        return;
      }
      case 'body':
        this.charge(prompt);
        response.writeHead(200, { 'content-type': behaviour.contentType ?? 'application/json' }).end(behaviour.body);
        return;
      case 'refusal':
        this.charge(prompt);
        sendJson(response, 200, completion(null, { refusal: behaviour.text }));
        return;
      case 'reply':
        if (response.destroyed) return;
        // Charged for once it is sent: whoever hung up before that is gone.
        this.charge(prompt);
        sendJson(response, 200, completion(behaviour.text ?? `reply to ${prompt}`, behaviour));
    }
  }
}
