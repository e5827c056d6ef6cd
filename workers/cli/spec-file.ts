import { readFile } from 'node:fs/promises';
import { InvalidInput, parseSweepSpec } from '#workflows/contracts/parse.ts';
import type { SweepSpec } from '#workflows/contracts/spec.ts';

/** Reads and checks a sweep spec. Gives the text's own value too, which is what the workflow is started with. */
export async function readSpecFile(file: string): Promise<{ given: unknown; spec: SweepSpec }> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new InvalidInput(file, ['(file): found nothing that can be read, allowed: the path of a sweep spec']);
  });
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    throw new InvalidInput(file, [`(top level): found no JSON (${error instanceof Error ? error.message : error}), allowed: a JSON object`]);
  }
  return { given, spec: parseSweepSpec(given) };
}
