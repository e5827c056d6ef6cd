/** From a writer's parameters to where its replies come from. */
import { Context } from '@temporalio/activity';
import { dollarsFor, openAsker, priceOf } from '#infra/llm/index.ts';
import type { LlmUse } from '#workflows/contracts/requests.ts';
import type { ActivityContext } from '../stage/context.ts';
import { hopeless } from '../stage/failures.ts';
import { llmSource, offlineSource, type Source } from './ask.ts';
import { parametersOf, type WritingParams } from './params.ts';

export interface OpenSource {
  ask: Source;
  /** How the writer is named in cards and reports. */
  name: string;
  /** Items in the making at a time. */
  atOnce: number;
  /** What so many tokens cost; null where the price is not known. */
  dollars: (promptTokens: number, completionTokens: number) => number | null;
  /** Shown with the progress. */
  metrics: () => Record<string, number | string | null>;
  close: () => Promise<void>;
}

/** Templates answer at once. */
const OFFLINE_AT_ONCE = 8;

/** Items are finished in their order: more of them than there may be requests under way, so that a slow one does not hold the others up. */
const ITEMS_PER_REQUEST = 4;

/** What the failure at the ceiling tells a person to do. */
export function remedy(): string {
  return `temporal workflow update execute --workflow-id ${Context.current().info.workflowExecution?.workflowId ?? 'SWEEP'} --name setCostCeiling --input DOLLARS`;
}

/** @throws LlmNotConfigured, PriceUnknown, or a failure where nothing says how an LLM may be used */
export async function openSource({ llm: means }: ActivityContext, writer: WritingParams['writer'], use: LlmUse | undefined, seed: number, signal: AbortSignal): Promise<OpenSource> {
  if (writer.provider === 'offline') {
    return { ask: offlineSource(seed), name: 'offline templates', atOnce: OFFLINE_AT_ONCE, dollars: () => 0, metrics: () => ({}), close: async () => {} };
  }
  if (use === undefined) throw hopeless('InvalidInput', `llm: found nothing, needed by the writer "${writer.provider}"; allowed: how the LLM may be used`);
  const { model } = writer;
  const { mode, timeoutSeconds, ...limits } = use;
  const asker = await openAsker({ ...means, ...limits, timeoutMs: timeoutSeconds * 1000, model, remedy: remedy() });
  const price = priceOf(model, use.price);
  return {
    ask: llmSource(asker, model, parametersOf(writer), signal),
    name: model,
    atOnce: use.concurrency * ITEMS_PER_REQUEST,
    dollars: (promptTokens, completionTokens) => price && dollarsFor({ promptTokens, completionTokens }, price, mode === 'batch'),
    metrics: () => {
      const { calls, paid, faults, rewritten, dollars, limit, underWay } = asker.stats();
      return { calls, paid, faults, ...(rewritten > 0 && { rewritten }), dollars: dollars === null ? null : Math.round(dollars * 1e4) / 1e4, atOnce: limit, underWay };
    },
    close: () => asker.close(),
  };
}
