import { readFileSync } from 'node:fs';
import { InvalidInput, parseSweepSpec } from '#workflows/contracts/parse.ts';
import type { SweepSpecInput } from '#workflows/contracts/spec.ts';

/** A complete, small spec; tests change what they are about. */
export function smallSpec(changes: Partial<SweepSpecInput> = {}): SweepSpecInput {
  return {
    name: 'small',
    tasks: [{ task: 'mdqa', source: { kind: 'miniature' }, contextTokens: 256, examples: { total: 20, validationShare: 0.1, test: 5 } }],
    models: [{ model: 'tiny', base: { kind: 'folder', path: 'examples/models/tiny-llama' }, ropeTheta: 80_000 }],
    conditions: ['real', 'symbolic'],
    mask: { k: [2] },
    ...changes,
  };
}

/** A spec of the examples folder, as written. */
export function exampleSpec(name: string): SweepSpecInput {
  return JSON.parse(readFileSync(new URL(`../../examples/${name}`, import.meta.url), 'utf8')) as SweepSpecInput;
}

/** SHA-256, as it were, of what the small spec names outside of the store. */
export const SMALL_FINGERPRINTS = { miniature: 'w'.repeat(64), 'examples/models/tiny-llama': 'm'.repeat(64) };

/** The same for any spec: any files will do. */
export const ANY_FINGERPRINTS = new Proxy({} as Record<string, string>, { get: (_, file) => Buffer.from(String(file)).toString('hex').padEnd(64, '0').slice(-64) });

/** What is wrong with a spec, a line per problem. */
export const problemsOf = (spec: unknown): readonly string[] => problemsFrom(() => parseSweepSpec(spec));

/** What is wrong with what is given to something, a line per problem. */
export function problemsFrom(understand: () => unknown): readonly string[] {
  try {
    understand();
  } catch (error) {
    if (error instanceof InvalidInput) return error.problems;
    throw error;
  }
  return [];
}

/** What is wrong with the small spec so changed. */
export const problemsWith = (changes: Partial<SweepSpecInput>): readonly string[] => problemsOf(smallSpec(changes));
