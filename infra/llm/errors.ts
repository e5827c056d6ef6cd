import type { ChatRequest } from './chat.ts';
import type { NamedField } from './dialect.ts';

/** The environment does not say how to reach an LLM. Its message never holds the key. */
export class LlmNotConfigured extends Error {
  override readonly name = 'LlmNotConfigured';
  readonly nonRetryable = true;
}

/** The endpoint understood the request and will not serve it, however often it is asked. */
export class LlmRefused extends Error {
  override readonly name: string = 'LlmRefused';
  readonly nonRetryable = true;
  /** Fields of the request that the refusal is about, of those that can be written in another way. */
  readonly fields: readonly NamedField[];
  constructor(message: string, fields: readonly NamedField[] = []) {
    super(message);
    this.fields = fields;
  }
}

/** What this one request says will not be served (a content filter, its length); others will. Its refusal is its answer. */
export class RequestRefused extends LlmRefused {
  override readonly name = 'RequestRefused';
}

/** The endpoint did not serve a request in many tries; it may later. */
export class LlmUnavailable extends Error {
  override readonly name = 'LlmUnavailable';
}

/** What went wrong with one try: `busy` where the endpoint has too much to do, `lost` where its reply did not arrive whole. */
export type FaultKind = 'rate-limit' | 'busy' | 'timeout' | 'failed' | 'lost' | 'malformed';

/** One try that failed, and may succeed when it is repeated. */
export class LlmFault extends Error {
  override readonly name = 'LlmFault';
  readonly kind: FaultKind;
  /** Milliseconds to wait at least, where the endpoint said so. */
  readonly retryAfterMs: number | null;
  /** Whether the endpoint may have answered, and charged for it, though we have no reply. */
  readonly mayBeCharged: boolean;
  constructor(kind: FaultKind, message: string, { retryAfterMs = null, mayBeCharged = false }: { retryAfterMs?: number | null; mayBeCharged?: boolean } = {}) {
    super(message);
    this.kind = kind;
    this.retryAfterMs = retryAfterMs;
    this.mayBeCharged = mayBeCharged;
  }
}

/** A request whose reply is not in the cache, where only the cache may answer. */
export class NotCached extends Error {
  override readonly name = 'NotCached';
  readonly request: ChatRequest;
  constructor(request: ChatRequest) {
    super(`the reply of ${request.model} to this request (attempt ${request.attempt}) is not in the cache`);
    this.request = request;
  }
}

/** A file or object of replies that is not what was written to it. */
export class ReplyCacheDamaged extends Error {
  override readonly name = 'ReplyCacheDamaged';
  readonly nonRetryable = true;
  constructor(what: string, problem: string) {
    super(`${what} is damaged (${problem}): delete it; replies that are nowhere else are then asked for again`);
  }
}
