/**
 * How an endpoint wants requests written. OpenAI's models take the limit of a reply as `max_completion_tokens`, and newer
 * ones refuse `max_tokens`; most other servers know `max_tokens`, and of `max_completion_tokens` some refuse it (Mistral,
 * vLLM before 0.6.4) while others silently pass over it (Ollama, llama.cpp before 2026). Reasoning models refuse a
 * temperature. None of this changes what is asked, so it is no part of a request's key.
 */
import type { ChatRequest } from './chat.ts';

const TOKENS_FIELDS = ['max_completion_tokens', 'max_tokens'] as const;
/** The field that holds the most tokens of a reply. */
export type TokensField = (typeof TOKENS_FIELDS)[number];

/** Fields that are written in more than one way, as refusals name them. */
export const NAMED_FIELDS = [...TOKENS_FIELDS, 'temperature'] as const;
export type NamedField = (typeof NAMED_FIELDS)[number];

/** Hosts where OpenAI's own models answer. */
const OPENAI_HOSTS = /(?:^|\.)(?:api\.openai\.com|openai\.azure\.com)$/;
/** The protocol's default, so that it need not be written. */
const DEFAULT_TEMPERATURE = 1;

/** One way to write requests. */
export interface Form {
  tokensField: TokensField;
  /** Whether a temperature that is the default is written. */
  defaultTemperature: boolean;
}

/** The form that an endpoint most likely takes, or with the field that a person chose. */
export function formFor(baseUrl: string, tokensField?: TokensField): Form {
  return { tokensField: tokensField ?? (OPENAI_HOSTS.test(new URL(baseUrl).hostname) ? 'max_completion_tokens' : 'max_tokens'), defaultTemperature: true };
}

/** The request as the chat-completions protocol writes it. */
export function completionBody({ model, messages, parameters: { temperature, maxTokens, extra } }: ChatRequest, { tokensField, defaultTemperature }: Form) {
  return {
    ...extra,
    model,
    messages: messages.map(({ role, content }) => ({ role, content })),
    ...(temperature !== null && (defaultTemperature || temperature !== DEFAULT_TEMPERATURE) && { temperature }),
    [tokensField]: maxTokens,
  };
}

/** What was learned of one endpoint from its refusals. */
export class Dialect {
  readonly #chosen: TokensField | undefined;
  readonly #unfit = new Set<TokensField>();
  #form: Form;

  constructor(baseUrl: string, tokensField?: TokensField) {
    this.#chosen = tokensField;
    this.#form = formFor(baseUrl, tokensField);
  }

  get form(): Form {
    return this.#form;
  }

  /** Takes in that a request in `form` was refused for these fields; whether it is written otherwise now, and may be served. */
  refused({ parameters: { temperature } }: ChatRequest, form: Form, fields: readonly NamedField[]): boolean {
    const byDefault = temperature === DEFAULT_TEMPERATURE;
    if (fields.includes(form.tokensField)) this.#leave(form.tokensField);
    if (fields.includes('temperature') && byDefault) this.#form = { ...this.#form, defaultTemperature: false };
    return form.tokensField !== this.#form.tokensField || (byDefault && form.defaultTemperature !== this.#form.defaultTemperature);
  }

  /** Takes in that the limit of a request in `form` was not kept. */
  ignored({ tokensField }: Form): void {
    this.#leave(tokensField);
  }

  #leave(field: TokensField): void {
    this.#unfit.add(field);
    const other = TOKENS_FIELDS.find((candidate) => !this.#unfit.has(candidate));
    if (this.#chosen === undefined && other !== undefined) this.#form = { ...this.#form, tokensField: other };
  }
}
