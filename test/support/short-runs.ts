/** The workflows with runs so short that small sweeps continue as new: `sweep` after what the name of its spec says (`after-60-events`; `after-60-events-of-outcomes`: with cells that tell outcomes only, as those of large ones do), `undisturbed` never. A herald looks as often as its webhook's URL says (`…/every-500-ms`). */
import type { Webhook } from '#workflows/contracts/run.ts';
import { heraldLooking } from '#workflows/herald.ts';
import { HERALD_LOOKS_EVERY_MS, LIMITS, type SweepLimits } from '#workflows/policies.ts';
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

export const herald = (webhook: Webhook) => heraldLooking(Number(/every-(\d+)-ms/.exec(JSON.stringify(webhook))?.[1] ?? HERALD_LOOKS_EVERY_MS), webhook);
