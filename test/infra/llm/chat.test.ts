import { describe, expect, it } from 'vitest';
import { type ChatReply, type ChatRequest, estimateUsage, requestKey, usageOf } from '#infra/llm/chat.ts';

const request: ChatRequest = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'who?' }], parameters: { temperature: 1, maxTokens: 64 }, attempt: 0 };

describe('requestKey', () => {
  it('is the same for the same request, in whatever order it is written', () => {
    const reordered: ChatRequest = { attempt: 0, parameters: { maxTokens: 64, temperature: 1 }, messages: [{ content: 'who?', role: 'user' }], model: 'gpt-4o-mini' };
    expect(requestKey(reordered)).toBe(requestKey(request));
    expect(requestKey(request)).toMatch(/^[0-9a-f]{64}$/);
  });

  it('is what it always was, so that caches stay good', () => {
    expect(requestKey(request)).toBe('8fba632f294cabe7bad674b51e4bed2bf48b15d723b4ec51959374aeb9da3f77');
    expect(requestKey({ ...request, parameters: { ...request.parameters, extra: undefined } })).toBe(requestKey(request));
  });

  it('is another for whatever may change the reply', () => {
    const others: ChatRequest[] = [
      { ...request, model: 'gpt-4o' },
      { ...request, messages: [{ role: 'system', content: 'who?' }] },
      { ...request, messages: [{ role: 'user', content: 'who? ' }] },
      { ...request, parameters: { temperature: 0, maxTokens: 64 } },
      { ...request, parameters: { temperature: 1, maxTokens: 65 } },
      { ...request, attempt: 1 },
      { ...request, parameters: { temperature: null, maxTokens: 64 } },
      { ...request, parameters: { temperature: 1, maxTokens: 64, extra: { reasoning_effort: 'low' } } },
      { ...request, parameters: { temperature: 1, maxTokens: 64, extra: { reasoning_effort: 'high' } } },
    ];
    expect(new Set([request, ...others].map(requestKey)).size).toBe(others.length + 1);
  });
});

describe('usageOf', () => {
  const reply: ChatReply = { text: 'é'.repeat(30), finishReason: 'stop', refusal: null, usage: null };

  it('is what the endpoint says, or else a token in three bytes of request and reply', () => {
    expect(usageOf(request, { ...reply, usage: { promptTokens: 1, completionTokens: 2 } })).toEqual({ promptTokens: 1, completionTokens: 2 });
    expect(usageOf(request, reply)).toEqual({ promptTokens: 6, completionTokens: 20 });
  });
});

describe('estimateUsage', () => {
  it('expects a token in three bytes, some for every message, and the longest reply', () => {
    expect(estimateUsage({ ...request, messages: [{ role: 'system', content: 'x'.repeat(299) }, { role: 'user', content: 'x' }] })).toEqual({ promptTokens: 108, completionTokens: 64 });
  });
});
