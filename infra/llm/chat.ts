/** What is asked of an LLM, and what it answers. */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

/** What JSON can say. */
export type Json = string | number | boolean | null | Json[] | { [field: string]: Json };

export interface ChatParameters {
  /** Null: the endpoint's own default. */
  temperature: number | null;
  /** Most tokens of the reply. */
  maxTokens: number;
  /** Further fields of the request, which this endpoint knows. */
  extra?: Readonly<Record<string, Json>> | undefined;
}

export interface ChatRequest {
  model: string;
  messages: readonly ChatMessage[];
  parameters: ChatParameters;
  /** Counted from 0: asking again for a reply that did not fit is a request of its own. */
  attempt: number;
}

export interface ChatReply {
  text: string;
  /** As the endpoint says it: `stop`, `length`, `content_filter`, … */
  finishReason: string;
  refusal: string | null;
  /** Null where the endpoint did not say; see `usageOf`. */
  usage: ChatUsage | null;
}

export interface ChatUsage {
  promptTokens: number;
  completionTokens: number;
}

/** A reply, and whether it was paid for now: false where it came from the cache or from another's call under way. */
export interface Answered {
  reply: ChatReply;
  paid: boolean;
}

export interface Asker {
  /** @throws the signal's reason once it is aborted */
  ask(request: ChatRequest, signal?: AbortSignal): Promise<Answered>;
}

/** SHA-256 (hexadecimal) of everything that a reply may depend on; the endpoint's address is no part of it. */
export function requestKey({ model, messages, parameters: { temperature, maxTokens, extra }, attempt }: ChatRequest): string {
  const asked = { model, messages: messages.map(({ role, content }) => ({ role, content })), parameters: { temperature, maxTokens, ...(extra && { extra }) }, attempt };
  return createHash('sha256').update(canonicalize(asked) as string).digest('hex');
}

/** An upper estimate of the tokens of a request: three bytes to a token of the prompt, and a reply as long as is allowed. */
export function estimateUsage({ messages, parameters }: ChatRequest): ChatUsage {
  const bytes = messages.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
  // Roles and separators take a few tokens of every message.
  return { promptTokens: tokensOf(bytes) + 4 * messages.length, completionTokens: parameters.maxTokens };
}

/** What a request and its reply took: as the endpoint says, or else estimated likewise from their texts. */
export function usageOf(request: ChatRequest, { text, usage }: ChatReply): ChatUsage {
  if (usage !== null) return usage;
  return { ...estimateUsage(request), completionTokens: tokensOf(Buffer.byteLength(text)) };
}

/** By bytes, since other scripts than Latin take a token for almost every character. */
function tokensOf(bytes: number): number {
  return Math.ceil(bytes / 3);
}
