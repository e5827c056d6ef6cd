/** Asking for one text until it fits its form, and keeping count of all that it took. */
import { type Asker, type ChatParameters, type ChatReply, type ChatRequest, type ChatUsage, NotCached, usageOf } from '#infra/llm/index.ts';
import type { SeededRandom } from '#activities/random/seeded.ts';
import { seededRandom } from '#activities/random/seeded.ts';
import { Tally } from '../source/tally.ts';
import { offlineReply } from './offline/index.ts';
import { messagesOf, type PromptId, type Slots } from './prompts.ts';
import { faultOf, type Read } from './reply.ts';

/** A reply as it counts. `asked` is false where no LLM was: such a reply cost nothing. */
export interface Sourced extends Pick<ChatReply, 'text' | 'finishReason' | 'refusal'> {
  usage: ChatUsage;
  /** Whether the endpoint did not say what the reply took. */
  estimated: boolean;
  asked: boolean;
  paid: boolean;
}

/** Where replies come from. */
export type Source = (id: PromptId, slots: Slots, attempt: number) => Promise<Sourced>;

/** Replies of an LLM. `missing` is told of each request that only the cache may answer and cannot. */
export function llmSource(asker: Asker, model: string, parameters: ChatParameters, signal?: AbortSignal, missing: (request: ChatRequest) => void = () => {}): Source {
  return async (id, slots, attempt) => {
    try {
      const request = { model, messages: messagesOf(id, slots), parameters, attempt };
      const { reply, paid } = await asker.ask(request, signal);
      return { ...reply, usage: usageOf(request, reply), estimated: reply.usage === null, asked: true, paid };
    } catch (error) {
      if (error instanceof NotCached) missing(error.request);
      throw error;
    }
  };
}

/** Replies of the templates: the same for the same seed, prompt and slots. */
export function offlineSource(seed: number): Source {
  return async (id, slots, attempt) => {
    const random: SeededRandom = seededRandom('offline writer', seed, id, JSON.stringify(slots), attempt);
    return { text: offlineReply(id, slots, random), finishReason: 'stop', refusal: null, usage: { promptTokens: 0, completionTokens: 0 }, estimated: false, asked: false, paid: false };
  };
}

/** An item whose text could not be had in the form asked for: it is dropped and counted. */
export class Unwritable extends Error {
  override readonly name = 'Unwritable';
}

/** Asks for texts, each up to `attempts` times. */
export class Writer {
  readonly refused = new Tally();
  readonly used = { calls: 0, paid: 0, estimated: 0, promptTokens: 0, completionTokens: 0 };
  readonly #source: Source;
  readonly #attempts: number;

  constructor(source: Source, attempts: number) {
    this.#source = source;
    this.#attempts = attempts;
  }

  /** What `read` makes of the first reply that fits. @throws Unwritable with the last fault, once all attempts are used */
  async write<T>(id: PromptId, slots: Slots, read: (text: string) => Read<T>): Promise<T> {
    let fault = '';
    for (let attempt = 0; attempt < this.#attempts; attempt += 1) {
      const reply = await this.#source(id, slots, attempt);
      if (reply.asked) {
        this.used.calls += 1;
        this.used.paid += reply.paid ? 1 : 0;
        this.used.estimated += reply.estimated ? 1 : 0;
        this.used.promptTokens += reply.usage.promptTokens;
        this.used.completionTokens += reply.usage.completionTokens;
      }
      const unreadable = faultOf(reply);
      const found: Read<T> = unreadable === null ? read(reply.text) : { fault: unreadable };
      if ('value' in found) return found.value;
      fault = `${id}: ${found.fault}`;
      this.refused.add(fault);
    }
    throw new Unwritable(fault);
  }
}
