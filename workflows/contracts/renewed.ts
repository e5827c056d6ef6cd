/**
 * What a sweep is told that takes the place of a run whose history does not go on under the present workflow code: what people had said that
 * holds whatever goes on. Read from a history that other code made (workers/said-before.ts), so it is far less than one run hands to the next.
 */
import { z } from 'zod';
import { Concurrency, PriorityKey } from './run.ts';

const SaidBefore = z.strictObject({
  paused: z.boolean(),
  /** Left out, as what follows: nobody has said another one than the spec. */
  concurrency: Concurrency.optional(),
  priority: PriorityKey.optional(),
  /** By unit. */
  priorities: z.record(z.string(), PriorityKey),
  costCeilingDollars: z.number().positive().optional(),
});
export type SaidBefore = z.infer<typeof SaidBefore>;

export const Renewed = z.strictObject({ saidBefore: SaidBefore });
export type Renewed = z.infer<typeof Renewed>;
