import { readFile } from 'node:fs/promises';
import { InvalidInput } from '#workflows/contracts/parse.ts';

/** What a JSON file holds. @throws InvalidInput where it cannot be read (`allowed`: what should be given instead) or is no JSON */
export async function readJsonFile(file: string, allowed: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new InvalidInput(file, [`(file): found nothing that can be read, allowed: ${allowed}`]);
  });
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidInput(file, [`(top level): found no JSON (${error instanceof Error ? error.message : error}), allowed: a JSON object`]);
  }
}
