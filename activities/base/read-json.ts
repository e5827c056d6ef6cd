import { hopeless } from '../stage/failures.ts';

/** The JSON value of a model's file. Throws a non-retryable `ModelMissing` that names the file. */
export function readJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw hopeless('ModelMissing', `${name}: found no JSON (${(error as Error).message}), allowed: a model's ${name} as transformers writes it`);
  }
}
