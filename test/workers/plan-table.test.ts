import { describe, expect, it } from 'vitest';
import type { WritingEstimate } from '#activities/estimate/index.ts';
import { planTable } from '#workers/cli/plan-table.ts';
import { parseSweepSpec } from '#workflows/contracts/parse.ts';
import type { SweepSpecInput } from '#workflows/contracts/spec.ts';
import { smallSpec } from '../support/spec.ts';

const texts = (dollars: number | null): WritingEstimate => ({ calls: 1200, cached: 200, promptTokens: 34_567, completionTokens: 89_000, dollars });
const table = (write: NonNullable<SweepSpecInput['write']>, estimate: WritingEstimate, changes: Partial<SweepSpecInput> = {}, gpuHours: number | null = 2.5) =>
  planTable(parseSweepSpec(smallSpec({ write, ...changes })), [{ id: 'mdqa/tiny/high/high', model: 'tiny', examples: '1400 + 200', texts: [estimate, estimate], gpuHours, there: 1, stages: 8 }], [estimate], { skipped: {}, where: 'a bucket' }).join('\n').replace(/ +/g, ' ');

describe('the table of a plan', () => {
  it('has per cell examples, calls, what is in the cache, tokens, dollars and GPU hours, and a total of each text once', () => {
    const shown = table({ provider: 'openai', costCeilingDollars: 9 }, texts(1.5));
    expect(shown).toContain('mdqa/tiny/high/high 1400 + 200 2,400 400 69,134 178,000 $3.00 2.5 1 of 8');
    expect(shown).toContain('total, each text once 1,200 200 34,567 89,000 $1.50 2.5');
    expect(shown).toContain('pauses before it spends more than $9');
    expect(shown).not.toContain('not known');
  });

  it('has dollars of GPUs and all dollars together where the spec has the price of an hour', () => {
    const models = (device: 'cpu' | 'cuda') => smallSpec().models.map((model) => ({ ...model, device }));
    const shown = table({ provider: 'openai' }, texts(1.5), { gpuHourDollars: 3, models: models('cuda') });
    expect(shown).toContain('LLM dollars GPU hours GPU dollars dollars stages there');
    expect(shown).toContain('178,000 $3.00 2.5 $7.50 $10.50 1 of 8');
    expect(shown).toContain('89,000 $1.50 2.5 $7.50 $9.00');
    expect(shown).toContain('GPU dollars at $3 an hour');
    expect(table({ provider: 'openai' }, texts(null), { gpuHourDollars: 3, models: models('cuda') })).toContain('unknown 2.5 $7.50 unknown 1 of 8');
    expect(table({ provider: 'openai' }, texts(1.5), { gpuHourDollars: 3, models: models('cpu') })).toContain('$3.00 2.5 $0.00 $3.00 1 of 8');
    expect(table({ provider: 'openai' }, texts(1.5), { gpuHourDollars: null })).toBe(table({ provider: 'openai' }, texts(1.5)));
  });

  it('says when the GPU hours of a model will be known', () => {
    const shown = table({ provider: 'openai' }, texts(1.5), {}, null);
    expect(shown).toContain('$3.00 unknown 1 of 8');
    expect(shown).toContain('$1.50 unknown');
    expect(shown).toContain('once it was fetched');
    expect(table({ provider: 'openai' }, texts(1.5))).not.toContain('fetched');
  });

  it('says that a ceiling needs a price', () => {
    const shown = table({ provider: 'openai', model: 'qwen', costCeilingDollars: 9 }, texts(null));
    expect(shown).toContain(' unknown ');
    expect(shown).toContain('The price of qwen is not known: under a cost ceiling nothing is asked until the spec says it (write.price');
    expect(table({ provider: 'openai', model: 'qwen' }, texts(null))).not.toContain('write.price');
  });
});
