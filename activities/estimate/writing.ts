/** What a writing stage would ask and pay, found out by going through it without asking anyone. */
import { type Asker, type ChatUsage, dollarsFor, NotCached, priceOf } from '#infra/llm/index.ts';
import type { LlmUse } from '#workflows/contracts/requests.ts';
import { inOrder } from '../dataset/in-order.ts';
import { llmSource, offlineSource, type Source, Unwritable, Writer } from '../write/ask.ts';
import type { Item, WritingRequest } from '../write/item.ts';
import { itemsOf } from '../write/items.ts';
import { parametersOf, type WritingParams } from '../write/params.ts';
import { messagesOf } from '../write/prompts.ts';

/** What is to be paid: calls whose replies are in the cache cost nothing. */
export interface WritingEstimate {
  calls: number;
  cached: number;
  promptTokens: number;
  completionTokens: number;
  /** Null where the price is not known. */
  dollars: number | null;
}

/** English text has about so many characters to a token. */
const CHARACTERS_PER_TOKEN = 4;
const ITEMS_AT_ONCE = 8;

const tokensOf = (text: string) => Math.ceil(text.length / CHARACTERS_PER_TOKEN);

/**
 * Calls, tokens and dollars of a writing stage, if the first try of each text fits. Where a reply is not in the cache (`cached`;
 * null: there is none to look at), that of the templates stands for it: its length is about what a prompt asks for.
 */
export async function estimateWriting(
  request: WritingRequest,
  { writer, attempts }: Pick<WritingParams, 'writer' | 'attempts'>,
  use: Pick<LlmUse, 'mode' | 'price'> | undefined,
  cached: Asker | null,
  onItem: (done: number) => void = () => {},
): Promise<WritingEstimate> {
  const estimate: WritingEstimate = { calls: 0, cached: 0, promptTokens: 0, completionTokens: 0, dollars: 0 };
  if (writer.provider === 'offline') return estimate;
  const { model } = writer;
  const templates = offlineSource(request.seed);
  const known = cached && llmSource(cached, model, parametersOf(writer));
  const ask: Source = async (id, slots, attempt) => {
    estimate.calls += 1;
    const found = await known?.(id, slots, attempt).catch((error: unknown) => {
      if (error instanceof NotCached) return null;
      throw error;
    });
    if (found) {
      estimate.cached += 1;
      return found;
    }
    const reply = await templates(id, slots, attempt);
    const usage: ChatUsage = { promptTokens: messagesOf(id, slots).reduce((sum, { content }) => sum + tokensOf(content), 0), completionTokens: tokensOf(reply.text) };
    estimate.promptTokens += usage.promptTokens;
    estimate.completionTokens += usage.completionTokens;
    return reply;
  };
  const items = itemsOf(request);
  const all: AsyncIterable<Item<unknown>> = 'needles' in items ? items.needles : items.passages;
  let done = 0;
  const tries = inOrder(all[Symbol.asyncIterator](), ITEMS_AT_ONCE, ({ write }) =>
    write(new Writer(ask, attempts)).catch((error: unknown) => {
      if (!(error instanceof Unwritable)) throw error;
    }),
  );
  for await (const _ of tries) onItem((done += 1));
  const price = priceOf(model, use?.price);
  estimate.dollars = price && dollarsFor(estimate, price, use?.mode === 'batch');
  return estimate;
}
