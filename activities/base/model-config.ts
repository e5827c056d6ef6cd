import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parse } from '#workflows/contracts/parse.ts';
import { readJson } from './read-json.ts';

/** A model's config.json as this project reads it; a model that also sees images keeps what concerns text in a part of its own. */
export function textConfig<T extends z.ZodType>(schema: T) {
  return z.preprocess((value) => {
    const { text_config: text } = (value ?? {}) as { text_config?: unknown };
    return typeof text === 'object' && text !== null ? { ...(value as object), ...text } : value;
  }, schema);
}

/** The part of config.json of the model in `folder` that `schema` names. Throws a non-retryable `ModelMissing`, or `InvalidInput`. */
export async function readModelConfig<T extends z.ZodType>(schema: T, folder: string): Promise<z.output<T>> {
  const found = readJson(await readFile(join(folder, 'config.json'), 'utf8'), 'config.json');
  return parse(textConfig(schema), found, 'config.json of the base model') as z.output<T>;
}
