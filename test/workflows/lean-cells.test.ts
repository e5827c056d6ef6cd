import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../../workflows');

/** Modules that a module loads as soon as it is loaded: neither types nor what is imported later on. */
function loadedBy(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/^(?:import|export)\s+(?!type\b)(?:[^;]*?\sfrom\s+)?'([^']+)';/gm)].map(([, name]) => name!);
}

function allLoadedBy(file: string, seen = new Set<string>()): Set<string> {
  for (const name of loadedBy(file)) {
    const module = name.startsWith('.') ? join(dirname(file), name) : name;
    if (seen.has(module)) continue;
    seen.add(module);
    if (name.startsWith('.')) allLoadedBy(module, seen);
  }
  return seen;
}

// Modules are evaluated anew for each workflow: building schemas took a fifth of the time of the workflow thread in the bench of the orchestration.
test('a cell that nothing goes wrong with loads no schemas', () => {
  const loaded = allLoadedBy(join(ROOT, 'index.ts'));
  expect(loaded).toContain(join(ROOT, 'stage.ts'));
  expect(loaded).not.toContain('zod');
  expect(allLoadedBy(join(ROOT, 'sweep.ts'))).toContain('zod');
});
