import { readFileSync } from 'node:fs';
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
