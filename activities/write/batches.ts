/** A writing stage's requests in batches, hours later and at half the price: what is missing is submitted, what came back is kept. */
import { Context } from '@temporalio/activity';
import { type BatchOptions, type ChatRequest, collectBatches, CostCeilingReached, NotCached, openCachedOnly, submitBatches } from '#infra/llm/index.ts';
import type { CollectRequest, CollectResult, LlmUse, StageRequest, SubmittedBatches } from '#workflows/contracts/requests.ts';
import { inOrder } from '../dataset/in-order.ts';
import type { ActivityContext } from '../stage/context.ts';
import { hopeless, toFailure } from '../stage/failures.ts';
import { underHeartbeats } from '../stage/heartbeat.ts';
import { llmSource, Unwritable, Writer } from './ask.ts';
import type { Item, Items } from './item.ts';
import { itemsOf } from './items.ts';
import { remedy } from './open-source.ts';
import { parametersOf, requestOf, type WritingParams, writingParams } from './params.ts';

/** Requests are submitted so many at a time, so that memory stays flat. */
const SUBMITTED_TOGETHER = 20_000;
const ITEMS_AT_ONCE = 64;

/**
 * Submits what the stage would ask next and no one has answered yet, as far as the ceiling allows; nothing where all is answered. What depends on a reply
 * that is missing is asked in a later round. Submitting twice makes the same batches once.
 */
export async function submitTexts(context: ActivityContext, { recipe, llm }: StageRequest): Promise<SubmittedBatches> {
  try {
    const params = writingParams(recipe);
    const writer = llmWriterOf(params);
    const { model } = writer;
    const parameters = parametersOf(writer);
    const { cancellationSignal: signal } = Context.current();
    return await underHeartbeats({ phase: 'looking for replies that are missing', done: 0, total: 1, unit: 'requests' }, async (progress) => {
      const folder = (role: string) => (recipe.inputs[role] ? context.store.fetch({ kind: recipe.inputs[role].stage, key: recipe.inputs[role].key }) : undefined);
      const items = itemsOf(requestOf(params, { sourceDir: (await folder('source')) as string, rankingDir: await folder('ranking') }, recipe.seed));
      const options = batchOptions(context, model, llm, signal);
      const cached = await openCachedOnly({ ...context.llm, model });
      const batches: string[] = [];
      try {
        let waiting: ChatRequest[] = [];
        let more = false;
        const submit = async () => {
          try {
            const submitted = await submitBatches(waiting, options);
            batches.push(...submitted.batches);
            more = submitted.more;
          } catch (error) {
            // What was submitted before is collected first: it mostly costs less than was held for it.
            if (!(error instanceof CostCeilingReached) || batches.length === 0) throw error;
            more = true;
          }
          waiting = [];
        };
        let found = 0;
        for await (const requests of missingRequests(items, (missing) => new Writer(llmSource(cached, model, parameters, signal, missing), params.attempts))) {
          signal.throwIfAborted();
          waiting.push(...requests);
          found += requests.length;
          progress({ phase: 'submitting batches', done: found, total: found, unit: 'requests' });
          if (waiting.length >= SUBMITTED_TOGETHER) await submit();
          if (more) break;
        }
        if (waiting.length > 0) await submit();
        return { batches, more };
      } finally {
        await cached.close();
      }
    });
  } catch (error) {
    throw toFailure(error);
  }
}

/** Brings replies of batches that are done into the cache. */
export async function collectTexts(context: ActivityContext, { recipe, llm, batches }: CollectRequest): Promise<CollectResult> {
  try {
    const { model } = llmWriterOf(writingParams(recipe));
    const { cancellationSignal: signal } = Context.current();
    return await underHeartbeats({ phase: 'collecting batches', done: 0, total: batches.length, unit: 'batches' }, () => collectBatches(batches, batchOptions(context, model, llm, signal)));
  } catch (error) {
    throw toFailure(error);
  }
}

/** Of each item the requests that it cannot go on without. */
async function* missingRequests(items: Items, writerFor: (missing: (request: ChatRequest) => void) => Writer): AsyncGenerator<ChatRequest[]> {
  const all: AsyncIterable<Item<unknown>> = 'needles' in items ? items.needles : items.passages;
  yield* inOrder(all[Symbol.asyncIterator](), ITEMS_AT_ONCE, async ({ write }) => {
    const missing: ChatRequest[] = [];
    try {
      await write(writerFor((request) => missing.push(request)));
    } catch (error) {
      if (!(error instanceof NotCached) && !(error instanceof Unwritable)) throw error;
    }
    return missing;
  });
}

function llmWriterOf({ writer }: WritingParams) {
  if (writer.provider !== 'openai') throw hopeless('InvalidInput', `writer.provider: found "${writer.provider}", allowed for batches: "openai"`);
  return writer;
}

function batchOptions({ llm: means }: ActivityContext, model: string, use: LlmUse | undefined, signal: AbortSignal): BatchOptions {
  if (use === undefined) throw hopeless('InvalidInput', 'llm: found nothing, allowed: how the LLM may be used');
  const { costCeilingDollars, price, ledger, tokensField } = use;
  return { ...means, model, costCeilingDollars, price, ledger, tokensField, remedy: remedy(), signal };
}
