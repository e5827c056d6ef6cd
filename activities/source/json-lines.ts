/** JSONL files as streams, plain or gzipped, one row in memory at a time. */
import { createReadStream, createWriteStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { pipeline as finished } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { z } from 'zod';
import { InvalidInput, parse } from '#workflows/contracts/parse.ts';
import { SourceError } from './errors.ts';

export interface JsonLine<T = unknown> {
  value: T;
  /** Row number in the file, from 1. */
  row: number;
  /** Bytes of the file (as it lies on disk) read so far, and its size: for progress. */
  bytesRead: number;
  bytesTotal: number;
}

/**
 * Rows of a JSONL file, each checked against `schema`; blank lines are skipped. Gzip is recognised by its first bytes.
 * Lines end at line feeds only: JSON allows U+2028 inside strings, where `node:readline` would cut the row.
 * @throws SourceError naming the file and, for a bad row, its number, field, what was found and what is allowed
 */
export async function* readJsonLines<T extends z.ZodType>(schema: T, file: string): AsyncGenerator<JsonLine<z.output<T>>> {
  const name = basename(file);
  const { gzip, size } = await inspect(file);
  const raw = createReadStream(file);
  // The callback form forwards errors of the raw stream; they surface in the loop below.
  const bytes = gzip ? pipeline(raw, createGunzip(), () => {}) : raw;
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let row = 0;
  let rest = '';
  const line = (text: string): JsonLine<z.output<T>> | undefined => {
    row += 1;
    if (text.trim() === '') return undefined;
    return { value: parseRow(schema, text, `${name}, row ${row}`), row, bytesRead: raw.bytesRead, bytesTotal: size };
  };
  try {
    for await (const chunk of bytes as AsyncIterable<Buffer>) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const text of lines) {
        const found = line(text);
        if (found !== undefined) yield found;
      }
    }
    rest += decoder.decode();
    const found = rest === '' ? undefined : line(rest);
    if (found !== undefined) yield found;
  } catch (error) {
    if (error instanceof SourceError || !(error instanceof Error) || !('code' in error)) throw error;
    throw new SourceError(`${name}, after row ${row}: cannot be read as ${gzip ? 'gzipped ' : ''}UTF-8 text (${error.message})`, { cause: error });
  } finally {
    raw.destroy();
  }
}

/** Writes values as JSONL, as fast as the disk takes them. */
export async function writeJsonLines(file: string, values: Iterable<unknown> | AsyncIterable<unknown>): Promise<void> {
  async function* lines() {
    for await (const value of values) yield `${JSON.stringify(value)}\n`;
  }
  await finished(Readable.from(lines()), createWriteStream(file));
}

function parseRow<T extends z.ZodType>(schema: T, text: string, where: string): z.output<T> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const start = text.length > 60 ? `${text.slice(0, 60)}…` : text;
    throw new SourceError(`${where}: found ${JSON.stringify(start)}, allowed: one JSON object per line (${(error as Error).message})`);
  }
  try {
    return parse(schema, value, where);
  } catch (error) {
    if (error instanceof InvalidInput) throw new SourceError(error.message, { cause: error });
    throw error;
  }
}

async function inspect(file: string): Promise<{ gzip: boolean; size: number }> {
  try {
    const { size } = await stat(file);
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
      return { gzip: bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b, size };
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new SourceError(`${file}: found no readable file, allowed: a JSONL file, plain or gzipped (${(error as Error).message})`, { cause: error });
  }
}
