/** Files of the Batch API: a request a line, and what came of it. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type ChatReply, type ChatRequest, type ChatUsage, estimateUsage, requestKey } from '../chat.ts';
import { completionBody, type Form } from '../dialect.ts';
import { readCompletion } from '../endpoint.ts';
import { LlmFault, type LlmRefused, RequestRefused } from '../errors.ts';
import { brief, ofStatus, replyOf } from '../faults.ts';

/** What one batch may hold at most; the API's own limits are 50,000 requests and 200 MB. */
export interface BatchLimits {
  requests: number;
  bytes: number;
}
export const BATCH_LIMITS: BatchLimits = { requests: 50_000, bytes: 190_000_000 };
/** Under a ceiling: what a batch may cost is held until it is done, and is several times what it does cost. Always the same, so that the same requests make the same batches. */
export const CEILING_LIMITS: BatchLimits = { ...BATCH_LIMITS, requests: 2_000 };

/** The requests of one batch. */
export interface BatchFile {
  /** SHA-256 of the requests' keys: the same requests make the same file. */
  tag: string;
  text: string;
  /** Upper estimate of what it takes. */
  usage: ChatUsage;
}

/** Requests as files, each request once, in the order of their keys. */
export function batchFiles(requests: readonly ChatRequest[], form: Form, limits: BatchLimits): BatchFile[] {
  const byKey = new Map(requests.map((request) => [requestKey(request), request]));
  const files: BatchFile[] = [];
  let keys: string[] = [];
  let lines: string[] = [];
  let bytes = 0;
  let usage = { promptTokens: 0, completionTokens: 0 };
  const end = (): void => {
    if (keys.length > 0) files.push({ tag: createHash('sha256').update(keys.join('\n')).digest('hex'), text: lines.join(''), usage });
    [keys, lines, bytes, usage] = [[], [], 0, { promptTokens: 0, completionTokens: 0 }];
  };
  for (const [key, request] of [...byKey].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const line = `${JSON.stringify({ custom_id: key, method: 'POST', url: '/v1/chat/completions', body: completionBody(request, form) })}\n`;
    const length = Buffer.byteLength(line);
    if (keys.length === limits.requests || bytes + length > limits.bytes) end();
    const { promptTokens, completionTokens } = estimateUsage(request);
    keys.push(key);
    lines.push(line);
    bytes += length;
    usage = { promptTokens: usage.promptTokens + promptTokens, completionTokens: usage.completionTokens + completionTokens };
  }
  end();
  return files;
}

const ResultLine = z.object({
  custom_id: z.string().regex(/^[0-9a-f]{64}$/),
  response: z.object({ status_code: z.int(), body: z.unknown() }).nullish(),
  error: z.object({ message: z.string().nullish() }).nullish(),
});
const Usage = z.object({ usage: z.object({ prompt_tokens: z.int().nonnegative(), completion_tokens: z.int().nonnegative() }) });
const ErrorBody = z.object({ error: z.object({ message: z.string(), code: z.string().nullish() }) });

/** What came of one request of a batch; no usage where nothing was charged, or its answer does not say what. */
export type BatchResult = { key: string; usage: ChatUsage | null } & ({ reply: ChatReply } | { failure: LlmFault | LlmRefused });

/** Null where a line is not the result of one of our requests. */
export function readResult(line: string): BatchResult | null {
  const parsed = ResultLine.safeParse(parseJson(line));
  if (!parsed.success) return null;
  const { custom_id: key, response, error } = parsed.data;
  if (!response) return { key, usage: null, failure: new LlmFault('failed', brief(error?.message ?? 'no response')) };
  if (response.status_code !== 200) {
    const body = ErrorBody.safeParse(response.body).data?.error;
    const failure = ofStatus(response.status_code, `${response.status_code} ${body?.message ?? ''}`, { code: body?.code });
    return failure instanceof RequestRefused ? { key, usage: null, reply: replyOf(failure) } : { key, usage: null, failure };
  }
  const charged = Usage.safeParse(response.body).data?.usage;
  const usage = charged === undefined ? null : { promptTokens: charged.prompt_tokens, completionTokens: charged.completion_tokens };
  try {
    return { key, usage, reply: readCompletion(response.body) };
  } catch (failure) {
    if (failure instanceof LlmFault) return { key, usage, failure };
    throw failure;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
