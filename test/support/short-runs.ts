/** The workflows with runs so short that small sweeps continue as new: `sweep` after what the name of its spec says (`after-60-events`; `after-60-events-of-outcomes`: with cells that tell outcomes only, as those of large ones do), `undisturbed` never. */
import { LIMITS, type SweepLimits } from '#workflows/policies.ts';
import { sweepWithin } from '#workflows/sweep.ts';

export { cell, discard } from '#workflows/index.ts';

/** The limits of a spec's name; those of every sweep where it names none. */
function limitsOf(given: unknown): SweepLimits {
  const { name } = given as { name: string };
  const [, most, what] = /after-(\d+)-(events|bytes|signals|updates)/.exec(name) ?? [];
  return what === undefined ? LIMITS : { ...LIMITS, ...(name.endsWith('-of-outcomes') && { tellingAll: 0 }), history: { ...LIMITS.history, [what]: Number(most) } };
}

export const sweep = (given: unknown, carried?: unknown) => sweepWithin(limitsOf(given), given, carried);

export const undisturbed = (given: unknown) => sweepWithin(LIMITS, given);
