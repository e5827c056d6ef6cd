/** Replies as lines of a journal or shard: `{"key":"<64 hexadecimal digits>","reply":{…}}`. */
import { z } from 'zod';
import type { ChatReply } from '../chat.ts';

const Line = z.strictObject({
  key: z.string().regex(/^[0-9a-f]{64}$/),
  reply: z.strictObject({
    text: z.string(),
    finishReason: z.string(),
    refusal: z.string().nullable(),
    usage: z.strictObject({ promptTokens: z.int().nonnegative(), completionTokens: z.int().nonnegative() }).nullable(),
  }),
});

const NEWLINE = 0x0a;
const KEY_START = '{"key":"'.length;
const KEY_LENGTH = 64;

/** Where a line lies in its file, in bytes, its end of line left out. */
export interface LinePosition {
  offset: number;
  length: number;
}

export function formatLine(key: string, { text, finishReason, refusal, usage }: ChatReply): string {
  const tokens = usage && { promptTokens: usage.promptTokens, completionTokens: usage.completionTokens };
  return `${JSON.stringify({ key, reply: { text, finishReason, refusal, usage: tokens } })}\n`;
}

/** Null where it is no such line, such as one that was half written. */
export function parseLine(text: string): { key: string; reply: ChatReply } | null {
  try {
    return Line.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** All lines that end. */
export function* linesOf(bytes: Buffer): Generator<LinePosition> {
  for (let offset = 0; ; ) {
    const end = bytes.indexOf(NEWLINE, offset);
    if (end < 0) return;
    if (end > offset) yield { offset, length: end - offset };
    offset = end + 1;
  }
}

/** The key of a line whose file is known to be sound, without reading the rest: there are hundreds of thousands. */
export function keyOfLine(bytes: Buffer, { offset }: LinePosition): string {
  return bytes.toString('latin1', offset + KEY_START, offset + KEY_START + KEY_LENGTH);
}

/** The whole lines of a journal, without those that its process died or failed in writing. */
export function soundPart(bytes: Buffer): Buffer {
  const sound = [...linesOf(bytes)].filter(({ offset, length }) => parseLine(bytes.toString('utf8', offset, offset + length)) !== null);
  return Buffer.concat(sound.map(({ offset, length }) => bytes.subarray(offset, offset + length + 1)));
}
