/** A checkout of one's own, which a test may change as its owner would: the sources copied, the installed packages shared. */
import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKOUT } from '#workers/home.ts';

const SOURCES = ['package.json', 'package-lock.json', 'tsconfig.json', 'workflows', 'activities', 'workers', 'infra', 'examples'];

/** Copies what a stack and a sweep of the examples need into a folder that is there. */
export function copyCheckout(folder: string): void {
  for (const name of SOURCES) cpSync(join(CHECKOUT, name), join(folder, name), { recursive: true });
  symlinkSync(join(CHECKOUT, 'node_modules'), join(folder, 'node_modules'));
}
