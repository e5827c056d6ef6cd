import { describe, expect, it } from 'vitest';
import { dollarsFor, PriceUnknown, priceFor, priceOf } from '#infra/llm/spending/prices.ts';

describe('priceOf', () => {
  it('knows models and their dated versions, and believes what is given', () => {
    expect(priceOf('gpt-4o-mini')).toEqual({ input: 0.15, output: 0.6 });
    expect(priceOf('gpt-4o-mini-2024-07-18')).toEqual(priceOf('gpt-4o-mini'));
    expect(priceOf('gpt-4o')).toEqual({ input: 2.5, output: 10 });
    expect(priceOf('gpt-4o', { input: 1, output: 2 })).toEqual({ input: 1, output: 2 });
    expect(priceOf('gpt-4o-miniature')).toBeNull();
  });

  it('needs a price under a ceiling only', () => {
    expect(priceFor({ model: 'llama' })).toBeNull();
    expect(() => priceFor({ model: 'llama', costCeilingDollars: 5 })).toThrow(PriceUnknown);
    expect(() => priceFor({ model: 'llama', costCeilingDollars: 5 })).toThrow(/costCeilingDollars is 5.*model llama.*give price/);
    expect(priceFor({ model: 'llama', costCeilingDollars: 5, price: { input: 0, output: 0 } })).toEqual({ input: 0, output: 0 });
  });
});

describe('dollarsFor', () => {
  it('charges by the million, and half of it for batches', () => {
    const usage = { promptTokens: 1_000_000, completionTokens: 500_000 };
    expect(dollarsFor(usage, { input: 0.15, output: 0.6 }, false)).toBeCloseTo(0.45, 12);
    expect(dollarsFor(usage, { input: 0.15, output: 0.6 }, true)).toBeCloseTo(0.225, 12);
  });
});
