/** What an error of the endpoint means: try again, and when, or give up. */
import { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai';
import type { ChatReply } from './chat.ts';
import { NAMED_FIELDS } from './dialect.ts';
import { LlmFault, LlmRefused, RequestRefused } from './errors.ts';

/** Longest part of an endpoint's message that is passed on. */
const MESSAGE_CHARACTERS = 300;
/** No endpoint is waited for longer than this at once. */
const LONGEST_WAIT_MS = 24 * 3_600_000;
/** Codes of refusals that are about what a request says. */
const OF_THE_REQUEST: ReadonlySet<unknown> = new Set(['content_filter', 'content_policy_violation', 'context_length_exceeded', 'string_above_max_length']);
/** What may be wrong where an endpoint refuses everything. */
const ADVICE: Readonly<Record<number, string>> = {
  401: 'is OPENAI_API_KEY the key of this endpoint?',
  404: 'is the model one of this endpoint, and OPENAI_BASE_URL its address with /v1 at the end?',
};
/** Failures to connect at all: nothing was asked, so nothing can have been charged. */
const NEVER_SENT: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT']);

/** The fault or refusal that an error of the client is; `clean` takes secrets out of a message. */
export function classify(error: unknown, clean: (text: string) => string): LlmFault | LlmRefused {
  if (error instanceof LlmFault || error instanceof LlmRefused) return error;
  const whole = clean(error instanceof Error ? error.message : String(error));
  const message = brief(whole);
  if (error instanceof APIConnectionTimeoutError) return new LlmFault('timeout', message, { mayBeCharged: true });
  if (error instanceof APIConnectionError) {
    const code = codeOf(error.cause);
    return new LlmFault('lost', code === null ? message : `${message} (${code})`, { mayBeCharged: code === null || !NEVER_SENT.has(code) });
  }
  if (error instanceof APIError && error.status !== undefined) {
    return ofStatus(error.status, whole, { code: error.code, retryAfterMs: error.headers instanceof Headers ? retryAfter(error.headers) : null });
  }
  if (error instanceof SyntaxError) return new LlmFault('malformed', `the reply is not JSON: ${message}`, { mayBeCharged: true });
  // What remains are replies that broke off while they were read.
  return new LlmFault('lost', `the reply was cut off: ${message}`, { mayBeCharged: true });
}

/** The same for an answer's HTTP status, which batches report of each of their requests. */
export function ofStatus(status: number, whole: string, { code, retryAfterMs = null }: { code?: string | null | undefined; retryAfterMs?: number | null } = {}): LlmFault | LlmRefused {
  const wait = { retryAfterMs };
  const message = brief(whole);
  if (status === 429) return code === 'insufficient_quota' ? new LlmRefused(message) : new LlmFault('rate-limit', message, wait);
  if (status === 503 || status === 529) return new LlmFault('busy', message, wait);
  if (status === 408) return new LlmFault('timeout', message, wait);
  if (status === 409 || status >= 500) return new LlmFault('failed', message, wait);
  if (OF_THE_REQUEST.has(code)) return new RequestRefused(message);
  const advice = ADVICE[status];
  return new LlmRefused(advice === undefined ? message : `${message} (${advice})`, NAMED_FIELDS.filter((field) => new RegExp(`\\b${field}\\b`).test(whole)));
}

/** A refusal with what a person can do about it, where it is about how requests are written. */
export function advised(refusal: LlmRefused): LlmRefused {
  const { message, fields } = refusal;
  if (fields.length === 0) return refusal;
  const advice = fields.includes('temperature')
    ? 'the model may take its own temperature only: give null'
    : 'maxTokens may be more than this endpoint allows, or tokensField another field than it knows';
  return new LlmRefused(`${message} (${advice})`, fields);
}

/** A refusal as the reply that it is: without text, and for nothing. */
export function replyOf({ message }: RequestRefused): ChatReply {
  return { text: '', finishReason: 'content_filter', refusal: message, usage: { promptTokens: 0, completionTokens: 0 } };
}

/**
 * Milliseconds that a response asks to wait (`retry-after-ms`, or `retry-after` in seconds or as a date), or null. A date is
 * read by the clock of whoever wrote it, where it gives its time.
 */
export function retryAfter(headers: Headers, ours = Date.now()): number | null {
  const milliseconds = Number.parseFloat(headers.get('retry-after-ms') ?? '');
  if (milliseconds >= 0) return Math.min(milliseconds, LONGEST_WAIT_MS);
  const value = headers.get('retry-after')?.trim() ?? '';
  const theirs = Date.parse(headers.get('date') ?? '');
  const wait = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : Date.parse(value) - (Number.isNaN(theirs) ? ours : theirs);
  return Number.isNaN(wait) ? null : Math.min(Math.max(wait, 0), LONGEST_WAIT_MS);
}

/** The first line of a message, cut where it is long. */
export function brief(text: string): string {
  return (text.trim().split('\n', 1)[0] ?? '').slice(0, MESSAGE_CHARACTERS);
}

/** The system's code of a failure, such as ECONNREFUSED, wherever it is in the chain of causes. */
function codeOf(error: unknown): string | null {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string') return at.code;
    if (at instanceof AggregateError && at.errors[0] !== undefined) return codeOf(at.errors[0]);
  }
  return null;
}
