/**
 * Every workflow that workers offer; their names here are their types on the `temporal` command line. Modules are evaluated anew for each
 * workflow, and building the schemas takes longer than all else that a cell does: so what only a sweep needs is loaded by sweeps.
 */
import type { SweepResult } from './contracts/progress.ts';

export { cell } from './cell.ts';
export { discard } from './discard.ts';
export { herald } from './herald.ts';

/** See `sweep.ts`. */
export async function sweep(given: unknown, carried?: unknown): Promise<SweepResult> {
  const loaded = await import(/* webpackMode: "eager" */ './sweep.ts');
  return loaded.sweep(given, carried);
}
