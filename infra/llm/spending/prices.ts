import type { ChatUsage } from '../chat.ts';

/** Dollars per million tokens. */
export interface Price {
  input: number;
  output: number;
}

/** List prices of OpenAI, without discounts for cached prompts. */
const PRICES: Readonly<Record<string, Price>> = {
  'gpt-4o-mini': { input: 0.15, output: 0.6 },
  'gpt-4o': { input: 2.5, output: 10 },
  'gpt-4.1-nano': { input: 0.1, output: 0.4 },
  'gpt-4.1-mini': { input: 0.4, output: 1.6 },
  'gpt-4.1': { input: 2, output: 8 },
};

/** What the Batch API charges of the usual price. */
const BATCH_SHARE = 0.5;

/** A ceiling on what is spent on a model whose price is not known. */
export class PriceUnknown extends Error {
  override readonly name = 'PriceUnknown';
  readonly nonRetryable = true;
  constructor(model: string, ceiling: number) {
    super(`costCeilingDollars is ${ceiling}, but the price of model ${model} is not known: give price, {"input": …, "output": …} in dollars per million tokens (known are ${Object.keys(PRICES).join(', ')})`);
  }
}

/** The price given, else that of the model, dated versions (`gpt-4o-mini-2024-07-18`) included; null where neither is known. */
export function priceOf(model: string, given?: Price): Price | null {
  return given ?? PRICES[model.replace(/-\d{4}-\d{2}-\d{2}$/, '')] ?? null;
}

/** The price, or null where none is known and no ceiling needs it. @throws PriceUnknown */
export function priceFor({ model, price, costCeilingDollars }: { model: string; price?: Price | undefined; costCeilingDollars?: number | undefined }): Price | null {
  const known = priceOf(model, price);
  if (known === null && costCeilingDollars !== undefined) throw new PriceUnknown(model, costCeilingDollars);
  return known;
}

export function dollarsFor({ promptTokens, completionTokens }: ChatUsage, { input, output }: Price, batch: boolean): number {
  return ((promptTokens * input + completionTokens * output) / 1_000_000) * (batch ? BATCH_SHARE : 1);
}
