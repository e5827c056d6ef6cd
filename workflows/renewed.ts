import type { SaidBefore } from './contracts/renewed.ts';
import type { Desk } from './steering/desk.ts';
import type { LlmAccount } from './writing.ts';

/** Says again, before anything begins, what people had said to the run of the sweep in whose place this one is. */
export async function sayAgain({ paused, concurrency, priority, priorities, costCeilingDollars }: SaidBefore, desk: Desk, account: LlmAccount): Promise<void> {
  if (concurrency !== undefined) desk.setConcurrency(concurrency);
  if (priority !== undefined) await desk.setPriority(priority);
  for (const [id, own] of Object.entries(priorities)) await desk.setPriority(own, [id]);
  if (costCeilingDollars !== undefined) account.raise(costCeilingDollars);
  await desk.setPaused(paused);
}
