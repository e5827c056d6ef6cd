/** The chat-completions protocol, as the test endpoint speaks it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';

export const CompletionRequest = z.object({
  model: z.string(),
  messages: z.array(z.object({ role: z.string(), content: z.string() })).min(1),
  temperature: z.number().optional(),
  max_completion_tokens: z.int().optional(),
  max_tokens: z.int().optional(),
  reasoning_effort: z.string().optional(),
});
export type CompletionRequest = z.infer<typeof CompletionRequest>;

const PROMPT_TOKENS = 100;
const COMPLETION_TOKENS = 50;

/** A chat completion of 100 prompt tokens and 50 completion tokens. */
export function completion(content: string | null, { refusal = null, finishReason = 'stop', completionTokens = COMPLETION_TOKENS }: { refusal?: string | null; finishReason?: string | undefined; completionTokens?: number | undefined } = {}) {
  return {
    id: 'chatcmpl-test',
    object: 'chat.completion',
    created: 1,
    model: 'gpt-4o-mini-2024-07-18',
    choices: [{ index: 0, message: { role: 'assistant', content, refusal }, logprobs: null, finish_reason: finishReason }],
    usage: { prompt_tokens: PROMPT_TOKENS, completion_tokens: completionTokens, total_tokens: PROMPT_TOKENS + completionTokens },
  };
}

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export function sendJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}
