/** The Python environment of the programs that we are compared with. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Folder of its programs, made where it is missing. @throws where it cannot be made */
export function programs(): string {
  const lines = execFileSync(process.execPath, [here('environment.mjs')], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trimEnd().split('\n');
  return lines.at(-1)!;
}

/** Pinned versions by package. */
export function versions(): Record<string, string> {
  return Object.fromEntries([...readFileSync(here('requirements.lock'), 'utf8').matchAll(/^([\w.-]+)==([\w.]+)/gm)].map(([, name, version]) => [name, version] as [string, string]));
}
