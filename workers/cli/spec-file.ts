import { parseSweepSpec } from '#workflows/contracts/parse.ts';
import type { SweepSpec } from '#workflows/contracts/spec.ts';
import { readJsonFile } from './json-file.ts';

/** Reads and checks a sweep spec. Gives the text's own value too, which is what the workflow is started with. */
export async function readSpecFile(file: string): Promise<{ given: unknown; spec: SweepSpec }> {
  const given = await readJsonFile(file, 'the path of a sweep spec');
  return { given, spec: parseSweepSpec(given) };
}
