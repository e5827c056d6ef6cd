/** The command line of the chaos test. */
import { parseArgs } from 'node:util';
import { CLASSES, type FaultClass } from './classes.ts';

export interface Options {
  /** Faults of a run. */
  faults: number;
  seed: number;
  classes: readonly FaultClass[];
  /** After so many minutes a disturbed sweep that has not ended counts as stuck. */
  minutes: number;
  /** Where logs and states stay; a temporary folder, removed at the end of a run that went well, where null. */
  keep: string | null;
}

export const USAGE = `npm run test:chaos -- [OPTIONS]
  --faults N     faults of a run (28)
  --seed S       which faults, and when (1)
  --classes a,b  of ${CLASSES.join(', ')} (all)
  --minutes M    how long the disturbed sweep may take (40)
  --keep FOLDER  where logs and states are left; a temporary folder where absent`;

/** @throws Error that names the option, what was found and what is allowed */
export function optionsFrom(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: { faults: { type: 'string', default: '28' }, seed: { type: 'string', default: '1' }, classes: { type: 'string' }, minutes: { type: 'string', default: '40' }, keep: { type: 'string' } },
  });
  const whole = (name: 'faults' | 'seed' | 'minutes', least: number) => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < least) throw new Error(`--${name}: found "${values[name]}", allowed: a whole number from ${least}`);
    return value;
  };
  const names = values.classes?.split(',') ?? [...CLASSES];
  for (const name of names) if (!CLASSES.some((known) => known === name)) throw new Error(`--classes: found "${name}", allowed: ${CLASSES.join(', ')}`);
  return { faults: whole('faults', 1), seed: whole('seed', 0), minutes: whole('minutes', 1), classes: CLASSES.filter((name) => names.includes(name)), keep: values.keep ?? null };
}
