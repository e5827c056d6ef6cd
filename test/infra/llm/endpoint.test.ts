import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ChatRequest } from '#infra/llm/chat.ts';
import { Dialect, formFor } from '#infra/llm/dialect.ts';
import { Endpoint } from '#infra/llm/endpoint.ts';
import { LlmFault, LlmNotConfigured, LlmRefused } from '#infra/llm/errors.ts';
import { anyPort } from '../servers/support.ts';
import { type Asked, type Behaviour, TestEndpoint } from './endpoint.ts';
import { completion } from './protocol.ts';

let server: TestEndpoint;
beforeAll(async () => {
  server = await TestEndpoint.start();
});
afterAll(() => server.stop());
beforeEach(() => {
  server.behave = () => undefined;
});

const request: ChatRequest = { model: 'gpt-4o-mini', messages: [{ role: 'system', content: 'be brief' }, { role: 'user', content: 'who?' }], parameters: { temperature: 1, maxTokens: 64 }, attempt: 0 };

function answer(behaviour: Behaviour, options: { timeoutMs?: number } = {}) {
  server.behave = () => behaviour;
  return new Endpoint(server.env, options).complete(request);
}
const failure = (behaviour: Behaviour, options?: { timeoutMs?: number }) => answer(behaviour, options).then(() => expect.fail('it answered'), (error: unknown) => error);

describe('Endpoint', () => {
  it('gives text, finish reason and usage of a reply, and asks with the key', async () => {
    expect(await answer({ kind: 'reply' })).toEqual({ text: 'reply to who?', finishReason: 'stop', refusal: null, usage: { promptTokens: 100, completionTokens: 50 } });
    expect([...server.authorizations]).toEqual([`Bearer ${server.env.OPENAI_API_KEY}`]);
  });

  it('passes on replies that are refused, filtered or cut off at the token limit', async () => {
    expect(await answer({ kind: 'refusal', text: 'I cannot help with that.' })).toMatchObject({ text: '', refusal: 'I cannot help with that.' });
    expect(await answer({ kind: 'body', body: JSON.stringify(completion(null, { finishReason: 'content_filter' })) })).toMatchObject({ text: '', finishReason: 'content_filter' });
    expect(await answer({ kind: 'reply', text: 'Half a sen', finishReason: 'length' })).toMatchObject({ text: 'Half a sen', finishReason: 'length' });
  });

  it.each<[string, Behaviour, Partial<LlmFault>]>([
    ['429', { kind: 'status', status: 429, headers: { 'retry-after': '7' } }, { kind: 'rate-limit', retryAfterMs: 7_000, mayBeCharged: false }],
    ['429 in milliseconds', { kind: 'status', status: 429, headers: { 'retry-after': '7', 'retry-after-ms': '250' } }, { kind: 'rate-limit', retryAfterMs: 250 }],
    ['503', { kind: 'status', status: 503, headers: { 'retry-after': new Date(0).toUTCString() } }, { kind: 'busy', retryAfterMs: 0 }],
    ['500', { kind: 'status', status: 500 }, { kind: 'failed', retryAfterMs: null, message: '500 told to answer 500' }],
    ['409', { kind: 'status', status: 409 }, { kind: 'failed' }],
    ['408', { kind: 'status', status: 408 }, { kind: 'timeout' }],
    ['a dropped connection', { kind: 'drop' }, { kind: 'lost', mayBeCharged: true }],
    ['a reply that is cut off', { kind: 'cut' }, { kind: 'lost', mayBeCharged: true }],
    ['half a JSON text', { kind: 'body', body: '{"choices":[' }, { kind: 'malformed', mayBeCharged: true }],
    ['an empty body', { kind: 'body', body: '' }, { kind: 'malformed' }],
    ['a page of HTML', { kind: 'body', body: '\n<!doctype html><html>', contentType: 'text/html' }, { kind: 'malformed', mayBeCharged: false, message: expect.stringContaining('is OPENAI_BASE_URL the address') as unknown as string }],
    ['a reply that fills the memory', { kind: 'body', body: JSON.stringify(completion('x'.repeat(17 * 2 ** 20))) }, { kind: 'malformed', mayBeCharged: true, message: 'the reply is larger than 16,777,216 bytes' }],
    ['a reply without choices', { kind: 'body', body: JSON.stringify({ ...completion('x'), choices: [] }) }, { kind: 'malformed', message: expect.stringContaining('choices') as unknown as string }],
    ['a reply without text', { kind: 'body', body: JSON.stringify(completion(null)) }, { kind: 'malformed', message: expect.stringContaining('content') as unknown as string }],
  ])('may be asked again after %s', async (_, behaviour, expected) => {
    const error = await failure(behaviour);
    expect(error).toBeInstanceOf(LlmFault);
    expect(error).toMatchObject(expected);
  });

  it('gives up on an endpoint that hangs, before or within its reply', async () => {
    for (const behaviour of [{ kind: 'hang' }, { kind: 'stall' }, { kind: 'stall', blankEveryMs: 20 }] as const) {
      expect(await failure(behaviour, { timeoutMs: 200 })).toMatchObject({ name: 'LlmFault', kind: 'timeout', mayBeCharged: true });
      await expect.poll(() => server.underWay).toBe(0);
    }
  });

  it('knows that nothing was asked where there is no connection', async () => {
    const gone = new Endpoint({ ...server.env, OPENAI_BASE_URL: `http://127.0.0.1:${await anyPort()}/v1` });
    await expect(gone.complete(request)).rejects.toMatchObject({ name: 'LlmFault', kind: 'lost', mayBeCharged: false, message: expect.stringContaining('ECONNREFUSED') as unknown });
    const unknown = new Endpoint({ ...server.env, OPENAI_BASE_URL: 'http://no-such-host.invalid/v1' });
    await expect(unknown.complete(request)).rejects.toMatchObject({ name: 'LlmFault', kind: 'lost', mayBeCharged: false, message: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/) as unknown });
  });

  it.each([400, 401, 403, 404, 422])('is refused for good by %d', async (status) => {
    const error = await failure({ kind: 'status', status, error: { message: `no such thing ${'x'.repeat(400)}\nsecond line` } });
    expect(error).toBeInstanceOf(LlmRefused);
    expect(error).toMatchObject({ nonRetryable: true });
    const [, said, advice] = /^(4\d\d no such thing x+)( \(.*\?\))?$/.exec((error as Error).message)!;
    expect(said).toHaveLength(300);
    expect(advice).toEqual({ 401: ' (is OPENAI_API_KEY the key of this endpoint?)', 404: expect.stringContaining('with /v1 at the end?') as unknown }[status]);
  });

  it('is refused for good where the account has no money left', async () => {
    const error = await failure({ kind: 'status', status: 429, error: { message: 'You exceeded your current quota', code: 'insufficient_quota' } });
    expect(error).toBeInstanceOf(LlmRefused);
  });

  it('never shows the key', async () => {
    const { OPENAI_API_KEY: key } = server.env;
    const error = await failure({ kind: 'status', status: 401, error: { message: `Incorrect API key provided: ${key} (sk-te******cdef)` } });
    const endpoint = new Endpoint(server.env);
    for (const shown of [String(error), JSON.stringify(error), inspect(error, { depth: 10, showHidden: true }), JSON.stringify(endpoint), inspect(endpoint, { depth: 10, showHidden: true })]) {
      expect(shown).not.toContain(key);
      expect(shown).not.toContain('cdef');
    }
    expect((error as Error).message).toBe('401 Incorrect API key provided: [key] ([key]) (is OPENAI_API_KEY the key of this endpoint?)');
  });

  it('goes by the endpoint’s own clock where it gives a date to come back', async () => {
    const headers = { date: new Date('2001-01-01T00:00:00Z').toUTCString(), 'retry-after': new Date('2001-01-01T00:00:30Z').toUTCString() };
    expect(await failure({ kind: 'status', status: 429, headers })).toMatchObject({ kind: 'rate-limit', retryAfterMs: 30_000 });
  });

  it('stops at once when it is told to, with the reason', async () => {
    server.behave = () => ({ kind: 'hang' });
    const controller = new AbortController();
    const running = new Endpoint(server.env).complete(request, controller.signal);
    const reason = new Error('cancelled by a person');
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
  });

  it.each([
    [{}, 'OPENAI_API_KEY is not set'],
    [{ OPENAI_API_KEY: '  ' }, 'OPENAI_API_KEY is not set'],
    [{ OPENAI_API_KEY: 'two words' }, 'OPENAI_API_KEY holds blanks'],
    [{ OPENAI_API_KEY: 'sk-a', OPENAI_BASE_URL: 'localhost:80' }, 'OPENAI_BASE_URL is not an http'],
  ])('needs a key and an address: %j', (env, message) => {
    expect(() => new Endpoint(env)).toThrow(message);
    expect(() => new Endpoint(env)).toThrow(LlmNotConfigured);
  });
});

describe('Endpoint, where others than OpenAI answer', () => {
  /** What was asked: the limit's field, and the temperature where there is one. */
  const asked: object[] = [];
  beforeEach(() => {
    asked.length = 0;
  });
  const behave = (choose: (body: Asked['body']) => Behaviour | undefined) => {
    server.behave = ({ body }) => {
      const { messages: _, model: __, ...rest } = body;
      asked.push(rest);
      return choose(body);
    };
  };
  const openai = (field: string): Behaviour => ({ kind: 'status', status: 400, error: { message: `Unsupported parameter: '${field}' is not supported with this model. Use 'max_completion_tokens' instead.`, param: field, code: 'unsupported_parameter' } });
  const complete = (endpoint: Endpoint, parameters: Partial<ChatRequest['parameters']> = {}) => endpoint.complete({ ...request, parameters: { ...request.parameters, ...parameters } });

  it('writes the limit as most of them know it, and as OpenAI’s models do where they answer', () => {
    expect(formFor('http://127.0.0.1:11434/v1').tokensField).toBe('max_tokens');
    expect(formFor('https://openrouter.ai/api/v1').tokensField).toBe('max_tokens');
    for (const url of ['https://api.openai.com/v1', 'https://eu.api.openai.com/v1', 'https://mine.openai.azure.com/openai/v1']) expect(formFor(url).tokensField).toBe('max_completion_tokens');
    expect(formFor('https://api.openai.com.example.org/v1').tokensField).toBe('max_tokens');
    expect(formFor('https://api.openai.com/v1', 'max_tokens').tokensField).toBe('max_tokens');
    const dialect = new Dialect('https://api.openai.com/v1');
    expect([dialect.refused(request, dialect.form, ['max_completion_tokens']), dialect.form.tokensField]).toEqual([true, 'max_tokens']);
    expect([dialect.refused(request, dialect.form, ['max_tokens']), dialect.form.tokensField]).toEqual([false, 'max_tokens']);
  });

  it('takes the other field where one is refused, once for all requests to come', async () => {
    const endpoint = new Endpoint(server.env);
    behave((body) => (body.max_tokens === undefined ? undefined : openai('max_tokens')));
    const replies = await Promise.all([complete(endpoint), complete(endpoint), complete(endpoint)]);
    expect(replies.map(({ text }) => text)).toEqual(Array(3).fill('reply to who?'));
    expect(endpoint.rewritten).toBe(3);
    asked.length = 0;
    await complete(endpoint);
    expect(asked).toEqual([{ temperature: 1, max_completion_tokens: 64 }]);
  });

  it.each<[string, Behaviour]>([
    ['vLLM before 0.6.4', { kind: 'status', status: 400, body: { object: 'error', message: "[{'type': 'extra_forbidden', 'loc': ('body', 'max_completion_tokens'), 'msg': 'Extra inputs are not permitted', 'input': 64}]", type: 'BadRequestError', param: null, code: 400 } }],
    ['Mistral', { kind: 'status', status: 422, body: { object: 'error', message: { detail: [{ type: 'extra_forbidden', loc: ['body', 'max_completion_tokens'], msg: 'Extra inputs are not permitted', input: 64 }] }, type: 'invalid_request_error', param: null, code: null } }],
    ['a server made with FastAPI', { kind: 'status', status: 422, body: { detail: [{ type: 'extra_forbidden', loc: ['body', 'max_completion_tokens'], msg: 'Extra inputs are not permitted', input: 64 }] } }],
  ])('understands a refusal of %s', async (_, refusal) => {
    const endpoint = new Endpoint(server.env);
    behave((body) => (body.max_tokens === undefined ? refusal : openai('max_tokens')));
    // It refuses both here, so we hear what it says of either: neither is tried again and again.
    await expect(complete(endpoint)).rejects.toMatchObject({ name: 'LlmRefused', fields: ['max_completion_tokens'], message: expect.stringMatching(/max_completion_tokens.*tokensField/) as unknown });
    expect(asked).toEqual([{ temperature: 1, max_tokens: 64 }, { temperature: 1, max_completion_tokens: 64 }]);
    await expect(complete(endpoint)).rejects.toBeInstanceOf(LlmRefused);
    expect(asked).toHaveLength(3);
  });

  it('takes the other field where a limit is passed over in silence', async () => {
    const endpoint = new Endpoint(server.env);
    behave((body) => ({ kind: 'reply', completionTokens: body.max_tokens === undefined ? 64 : 422 }));
    expect((await complete(endpoint)).usage).toEqual({ promptTokens: 100, completionTokens: 422 });
    await complete(endpoint);
    expect(asked).toEqual([{ temperature: 1, max_tokens: 64 }, { temperature: 1, max_completion_tokens: 64 }]);
  });

  it('keeps to the field that a person chose', async () => {
    const endpoint = new Endpoint(server.env, { tokensField: 'max_completion_tokens' });
    behave(() => ({ kind: 'reply', completionTokens: 422 }));
    await complete(endpoint);
    behave(() => openai('max_completion_tokens'));
    await expect(complete(endpoint)).rejects.toBeInstanceOf(LlmRefused);
    expect(asked).toEqual(Array(2).fill({ temperature: 1, max_completion_tokens: 64 }));
    expect(endpoint.rewritten).toBe(0);
  });

  it('leaves a temperature out that is the default and refused, and says what to do about another', async () => {
    const endpoint = new Endpoint(server.env);
    behave((body) => (body.temperature === undefined ? undefined : { kind: 'status', status: 400, error: { message: "Unsupported value: 'temperature' does not support 0.7 with this model. Only the default (1) value is supported.", param: 'temperature', code: 'unsupported_value' } }));
    await complete(endpoint);
    await complete(endpoint);
    await expect(complete(endpoint, { temperature: 0.7 })).rejects.toThrow(/Only the default \(1\) value is supported\. \(.*give null\)$/);
    await complete(endpoint, { temperature: null });
    expect(asked).toEqual([{ temperature: 1, max_tokens: 64 }, { max_tokens: 64 }, { max_tokens: 64 }, { temperature: 0.7, max_tokens: 64 }, { max_tokens: 64 }]);
  });

  it('takes a reply without usage, and other names for its end', async () => {
    for (const usage of [null, undefined]) expect(await answer({ kind: 'body', body: JSON.stringify({ ...completion('x'), usage }) })).toEqual({ text: 'x', finishReason: 'stop', refusal: null, usage: null });
    for (const finishReason of ['eos_token', 'stop_sequence', 'end_turn']) expect(await answer({ kind: 'reply', finishReason })).toMatchObject({ finishReason: 'stop' });
  });

  it('sends further fields along', async () => {
    behave(() => undefined);
    await complete(new Endpoint(server.env), { extra: { reasoning_effort: 'minimal' } });
    expect(asked).toEqual([{ temperature: 1, max_tokens: 64, reasoning_effort: 'minimal' }]);
  });
});
