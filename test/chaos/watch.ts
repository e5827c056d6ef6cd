/** What a person would see of a sweep; nothing where a server or worker that would tell is down. */
import type { Client } from '@temporalio/client';
import { SweepPlan, SweepProgress } from '#workflows/contracts/progress.ts';

const PATIENCE_MS = 8_000;

export interface Seen {
  /** Status of the workflow; null where nobody could tell. */
  workflow: string | null;
  progress: SweepProgress | null;
  plan: SweepPlan | null;
}

export async function look(client: Client, workflowId: string): Promise<Seen> {
  const handle = client.workflow.getHandle(workflowId);
  const asked = <T>(question: () => Promise<T>) => client.connection.withDeadline(Date.now() + PATIENCE_MS, question).catch(() => null);
  const workflow = await asked(async () => (await handle.describe()).status.name);
  if (workflow !== 'RUNNING') return { workflow, progress: null, plan: null };
  const progress = await asked(() => handle.query('progress'));
  const plan = progress === null ? null : await asked(() => handle.query('plan'));
  return { workflow, progress: progress === null ? null : SweepProgress.parse(progress), plan: plan === null ? null : SweepPlan.parse(plan) };
}

/** What runs now, in a few words. */
export function atWork({ progress }: Seen): string {
  if (progress === null) return 'nobody could say what ran';
  const running = progress.cells.flatMap(({ id, running: stages }) => Object.entries(stages).map(([stage, advance]) => `${id}: ${stage}${advance?.percent == null ? '' : ` ${Math.round(advance.percent)} %`}`));
  const shared = progress.shared.filter(({ status }) => status === 'running').map(({ name }) => name);
  return [...shared, ...running].slice(0, 3).join(', ') || progress.status;
}
