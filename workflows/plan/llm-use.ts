import type { LlmUse } from '../contracts/requests.ts';
import type { SweepSpec } from '../contracts/spec.ts';

/** How the stages of a sweep may use an LLM; undefined where none is asked. Spending is charged to the sweep's name. */
export function llmUseOf({ name, write }: Pick<SweepSpec, 'name' | 'write'>): LlmUse | undefined {
  if (write?.provider !== 'openai') return undefined;
  const { mode, concurrency, requestsPerMinute, tokensPerMinute, costCeilingDollars, price, tokensField, timeoutSeconds } = write;
  return {
    mode,
    concurrency,
    timeoutSeconds,
    ledger: name,
    ...(requestsPerMinute !== undefined && { requestsPerMinute }),
    ...(tokensPerMinute !== undefined && { tokensPerMinute }),
    ...(costCeilingDollars !== undefined && { costCeilingDollars }),
    ...(price !== undefined && { price }),
    ...(tokensField !== undefined && { tokensField }),
  };
}
