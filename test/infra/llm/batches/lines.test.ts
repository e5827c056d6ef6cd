import { describe, expect, it } from 'vitest';
import { batchFiles, readResult } from '#infra/llm/batches/lines.ts';
import { type ChatRequest, requestKey } from '#infra/llm/chat.ts';
import { formFor } from '#infra/llm/dialect.ts';
import { LlmFault, LlmRefused } from '#infra/llm/errors.ts';
import { completion } from '../protocol.ts';

const requestOf = (number: number): ChatRequest => ({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: `request ${number}` }], parameters: { temperature: 1, maxTokens: 64 }, attempt: 0 });
const requests = Array.from({ length: 10 }, (_, number) => requestOf(number));
const FORM = formFor('https://api.openai.com/v1');
const LIMITS = { requests: 4, bytes: 1_000_000 };

describe('batchFiles', () => {
  it('holds each request once, in files within the limits', () => {
    const files = batchFiles([...requests, requestOf(3)], FORM, LIMITS);
    expect(files.map(({ text }) => text.trimEnd().split('\n').length)).toEqual([4, 4, 2]);
    const lines = files.flatMap(({ text }) => text.trimEnd().split('\n')).map((line) => JSON.parse(line) as { custom_id: string; body: { messages: { content: string }[] } });
    expect(new Set(lines.map(({ custom_id }) => custom_id))).toEqual(new Set(requests.map(requestKey)));
    for (const { custom_id, body } of lines) expect(requestKey(requestOf(Number(body.messages[0]!.content.split(' ')[1])))).toBe(custom_id);
    const bytes = Buffer.byteLength(batchFiles(requests, FORM, LIMITS)[2]!.text);
    expect(batchFiles(requests, FORM, { requests: 100, bytes }).map(({ text }) => text.trimEnd().split('\n').length)).toEqual([2, 2, 2, 2, 2]);
  });

  it('gives the same requests the same tags, and others others', () => {
    const tags = (given: ChatRequest[]) => batchFiles(given, FORM, LIMITS).map(({ tag }) => tag);
    expect(tags(requests.toReversed())).toEqual(tags(requests));
    expect(new Set([...tags(requests), ...tags(requests.slice(1))]).size).toBeGreaterThan(3);
    expect(tags([])).toEqual([]);
  });
});

describe('readResult', () => {
  const key = requestKey(requestOf(1));
  const line = (response: unknown, error: unknown = null) => readResult(JSON.stringify({ id: 'x', custom_id: key, response, error }));

  it('tells replies, failures to repeat, and refusals apart', () => {
    expect(line({ status_code: 200, body: completion('yes') })).toEqual({ key, usage: { promptTokens: 100, completionTokens: 50 }, reply: expect.objectContaining({ text: 'yes' }) as unknown });
    expect(line({ status_code: 200, body: { ...completion('yes'), choices: [] } })).toEqual({ key, usage: { promptTokens: 100, completionTokens: 50 }, failure: expect.any(LlmFault) as unknown });
    expect(line({ status_code: 200, body: { ...completion('yes'), usage: undefined } })).toMatchObject({ usage: null, reply: { text: 'yes', usage: null } });
    expect(line({ status_code: 500, body: { error: { message: 'oops' } } })).toMatchObject({ usage: null, failure: { name: 'LlmFault', message: '500 oops' } });
    expect(line({ status_code: 429, body: null })).toHaveProperty('failure', expect.any(LlmFault));
    expect(line({ status_code: 400, body: { error: { message: 'no' } } })).toHaveProperty('failure', expect.any(LlmRefused));
    expect(line(null, { code: 'batch_expired', message: 'too late' })).toMatchObject({ failure: { name: 'LlmFault', message: 'too late' } });
  });

  it('passes over what is no result of ours', () => {
    expect(readResult('{"custom_id":')).toBeNull();
    expect(readResult('{"custom_id":"theirs","response":null}')).toBeNull();
  });
});
