import type { Client } from '@temporalio/client';
import { SweepProgress } from '#workflows/contracts/progress.ts';

const POLL_MS = 1_000;

/**
 * Keeps a sweep from waiting for ever for a person who may not be there: what is blocked as the command begins is tried again,
 * and once nothing else is left to do the sweep is finished as partial. With `park` it waits.
 */
export async function attend(client: Client, workflowId: string, finished: Promise<unknown>, { park }: { park: boolean }): Promise<void> {
  const handle = client.workflow.getHandle(workflowId);
  let ended = false;
  const end = () => {
    ended = true;
  };
  void finished.then(end, end);
  const ask = async () => {
    const parsed = SweepProgress.safeParse(await handle.query('progress').catch(() => null));
    return parsed.success ? parsed.data : null;
  };
  // Starting a sweep again means to try again what failed.
  if (((await ask())?.counts.blocked ?? 0) > 0) await handle.executeUpdate('retry').catch(() => {});
  while (!park && !ended) {
    if ((await ask())?.status === 'blocked') await handle.executeUpdate('finish').catch(() => {});
    await Promise.race([finished.catch(() => {}), new Promise((resolve) => setTimeout(resolve, POLL_MS))]);
  }
}
