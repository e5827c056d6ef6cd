/** The workflows with runs so short that small sweeps continue as new: `sweep` after what the name of its spec says (`after-60-events`), `undisturbed` never. */
import { LIMITS, type SweepLimits } from '#workflows/policies.ts';
import { sweepWithin } from '#workflows/sweep.ts';

export { cell, discard } from '#workflows/index.ts';

/** The limits of a spec's name; those of every sweep where it names none. */
function limitsOf(given: unknown): SweepLimits {
  const [, most, what] = /after-(\d+)-(events|bytes|signals|updates)/.exec((given as { name: string }).name) ?? [];
  return what === undefined ? LIMITS : { ...LIMITS, history: { ...LIMITS.history, [what]: Number(most) } };
}

export const sweep = (given: unknown, carried?: unknown) => sweepWithin(limitsOf(given), given, carried);

export const undisturbed = (given: unknown) => sweepWithin(LIMITS, given);
