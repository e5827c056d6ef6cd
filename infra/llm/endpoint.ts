/** One endpoint that speaks OpenAI's protocol: single tries, their replies checked and their failures classified. */
import { OpenAI } from 'openai';
import type { ChatCompletionCreateParamsNonStreaming } from 'openai/resources/chat/completions';
import { z } from 'zod';
import { boundedFetch } from './bounded-fetch.ts';
import type { ChatReply, ChatRequest } from './chat.ts';
import { completionBody, Dialect, type Form, type TokensField } from './dialect.ts';
import { LlmFault, LlmNotConfigured, LlmRefused, RequestRefused } from './errors.ts';
import { advised, brief, classify, replyOf } from './faults.ts';
import { linkSignals } from './signals.ts';

const OPENAI = 'https://api.openai.com/v1';
const TIMEOUT_MS = 120_000;
/** No completion of the longest that may be asked for comes near this. */
const MOST_BYTES = 16 * 2 ** 20;
/** What other servers call an end that the model chose itself. */
const STOPPED: ReadonlySet<string> = new Set(['eos_token', 'stop_sequence', 'end_turn']);

/** The part of a process's environment that says which LLM is asked. */
export interface LlmEnvironment {
  OPENAI_BASE_URL?: string | undefined;
  OPENAI_API_KEY?: string | undefined;
}

export interface EndpointOptions {
  /** Bounds one try of a completion, from its start to the last byte of its reply, and the time until other answers begin. Two minutes where absent. */
  timeoutMs?: number | undefined;
  /** Where absent, the field that the endpoint most likely takes, and the other one where it does not. */
  tokensField?: TokensField | undefined;
  /** Of one response; 16 MiB where absent. */
  mostBytes?: number | undefined;
}

const Completion = z.object({
  choices: z
    .array(
      z.object({
        finish_reason: z.string().min(1),
        message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
      }),
    )
    .length(1),
  usage: z.object({ prompt_tokens: z.int().nonnegative(), completion_tokens: z.int().nonnegative() }).nullish(),
});

/** The reply within a chat completion. @throws LlmFault where it has not the form of one */
export function readCompletion(body: unknown): ChatReply {
  const parsed = Completion.safeParse(body);
  // No provider charges for a page.
  if (typeof body === 'string' && /^\s*</.test(body)) throw new LlmFault('malformed', 'a page of HTML came instead of a chat completion: is OPENAI_BASE_URL the address of the endpoint, with /v1 at the end?');
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw malformed(`${issue?.path.join('.') || 'the body'}: ${issue?.message ?? 'unreadable'}`);
  }
  const { choices, usage } = parsed.data;
  const { finish_reason, message } = choices[0] as (typeof choices)[number];
  // Only a reply that was refused, filtered or cut off may be without any text.
  if (typeof message.content !== 'string' && !message.refusal && finish_reason === 'stop') throw malformed('choices.0.message.content: there is none');
  return {
    text: message.content ?? '',
    finishReason: STOPPED.has(finish_reason) ? 'stop' : finish_reason,
    refusal: message.refusal ?? null,
    usage: usage ? { promptTokens: usage.prompt_tokens, completionTokens: usage.completion_tokens } : null,
  };
}

function malformed(problem: string): LlmFault {
  return new LlmFault('malformed', `the reply has not the form of a chat completion (${brief(problem)})`, { mayBeCharged: true });
}

/** The key stays inside: no message, log or JSON of this class shows it. */
export class Endpoint {
  readonly #client: OpenAI;
  readonly #key: string;
  readonly timeoutMs: number;
  readonly #dialect: Dialect;
  #rewritten = 0;

  /** @throws LlmNotConfigured */
  constructor(env: LlmEnvironment, { timeoutMs = TIMEOUT_MS, tokensField, mostBytes = MOST_BYTES }: EndpointOptions = {}) {
    this.#key = keyOf(env);
    this.timeoutMs = timeoutMs;
    const baseURL = baseUrlOf(env);
    this.#dialect = new Dialect(baseURL, tokensField);
    // Everything is given, so that nothing else of the environment (organisation, admin key, logging) has a say, save for
    // OPENAI_CUSTOM_HEADERS, which gateways may need.
    this.#client = new OpenAI({
      apiKey: this.#key,
      baseURL,
      adminAPIKey: null,
      organization: null,
      project: null,
      webhookSecret: null,
      maxRetries: 0,
      timeout: timeoutMs,
      logLevel: 'off',
      fetch: boundedFetch(mostBytes),
    });
  }

  /** Requests that were sent again since the endpoint wanted them written otherwise. */
  get rewritten(): number {
    return this.#rewritten;
  }

  /** How a request is written now. */
  get form(): Form {
    return this.#dialect.form;
  }

  /** One try, written as often as it takes until the endpoint knows its fields. @throws LlmFault, LlmRefused, or the signal's reason */
  async complete(request: ChatRequest, signal?: AbortSignal): Promise<ChatReply> {
    for (;;) {
      const { form } = this.#dialect;
      try {
        const reply = readCompletion(await this.#create(request, form, signal));
        if (reply.usage !== null && reply.usage.completionTokens > request.parameters.maxTokens) this.#dialect.ignored(form);
        return reply;
      } catch (error) {
        if (error instanceof RequestRefused) return replyOf(error);
        if (!(error instanceof LlmRefused)) throw error;
        if (!this.#dialect.refused(request, form, error.fields)) throw advised(error);
        this.#rewritten += 1;
      }
    }
  }

  async #create(request: ChatRequest, form: Form, signal: AbortSignal | undefined): Promise<unknown> {
    // The client's own timeout ends with the head of the response.
    const late = AbortSignal.timeout(this.timeoutMs);
    const either = linkSignals([signal, late]);
    const body = completionBody(request, form) as ChatCompletionCreateParamsNonStreaming;
    try {
      return await this.call((client) => client.chat.completions.create(body, { signal: either.signal }), signal);
    } catch (error) {
      if (error instanceof LlmFault && late.aborted) throw new LlmFault('timeout', `no whole reply came in ${this.timeoutMs / 1000} seconds`, { mayBeCharged: true });
      throw error;
    } finally {
      either.unlink();
    }
  }

  /** Any other request, its failures classified likewise. */
  async call<T>(perform: (client: OpenAI) => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    try {
      return await perform(this.#client);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw classify(error, (text) => this.#clean(text));
    }
  }

  /** Endpoints may repeat the key in their messages, whole or with its middle starred out. */
  #clean(text: string): string {
    return text.replaceAll(this.#key, '[key]').replace(/\bsk-[\w*.-]{4,}/g, '[key]');
  }
}

function keyOf({ OPENAI_API_KEY: given }: LlmEnvironment): string {
  const key = given?.trim() ?? '';
  if (key === '') throw new LlmNotConfigured('OPENAI_API_KEY is not set: give the key of the LLM endpoint to the worker by this environment variable (any word where the endpoint asks for none)');
  if (!/^[\x21-\x7e]+$/.test(key)) throw new LlmNotConfigured('OPENAI_API_KEY holds blanks or other characters that no key has: set it to the key alone');
  return key;
}

function baseUrlOf({ OPENAI_BASE_URL: given }: LlmEnvironment): string {
  const url = given?.trim() || OPENAI;
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) throw new LlmNotConfigured('OPENAI_BASE_URL is not an http or https address, such as https://api.openai.com/v1');
  return url.replace(/\/+$/, '');
}
