import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { z } from 'zod';
import { InvalidInput, parse } from '#workflows/contracts/parse.ts';
import { SourceError } from './errors.ts';

const unzip = promisify(gunzip);

/** The one JSON value of a file, plain or gzipped, checked against `schema`. @throws SourceError naming file, field, found and allowed */
export async function readJsonFile<T extends z.ZodType>(schema: T, file: string): Promise<z.output<T>> {
  const name = basename(file);
  let value: unknown;
  try {
    const bytes = await readFile(file);
    const gzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(gzip ? await unzip(bytes) : bytes));
  } catch (error) {
    throw new SourceError(`${file}: found no readable JSON, allowed: one JSON object, plain or gzipped, in UTF-8 (${(error as Error).message})`, { cause: error });
  }
  try {
    return parse(schema, value, name);
  } catch (error) {
    if (error instanceof InvalidInput) throw new SourceError(error.message, { cause: error });
    throw error;
  }
}
