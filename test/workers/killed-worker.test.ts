/** Workers that end by `kill -9`, each a process of its own: their work is done by those that come after them, and no other work again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SweepResult } from '#workflows/contracts/progress.ts';
import { LIGHT_QUEUE } from '#workflows/queues.ts';
import { temporaryFolder } from '../support/folders.ts';
import { smallSpec } from '../support/spec.ts';
import { s3ForTests } from '../support/stored-activities.ts';
import { temporalForTests } from '../support/temporal.ts';

const WORKER = fileURLToPath(new URL('../support/worker-process.ts', import.meta.url));
const folder = temporaryFolder();
let temporal: Awaited<ReturnType<typeof temporalForTests>>;
let s3: Awaited<ReturnType<typeof s3ForTests>>;
const processes: ChildProcess[] = [];
beforeAll(async () => {
  [temporal, s3] = await Promise.all([temporalForTests(), s3ForTests(folder)]);
});
afterAll(async () => {
  for (const child of processes) child.kill('SIGKILL');
  await Promise.all([temporal.stop(), s3.stop()]);
});

/** A worker process that is ready, and what it says from then on. */
async function worker(role: 'light' | 'trainer', ...hangs: string[]) {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', WORKER, temporal.server.address, s3.endpoint, folder, role, ...hangs], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, TELL: '1' } });
  processes.push(child);
  const lines: string[] = [];
  createInterface({ input: child.stdout! }).on('line', (line) => lines.push(line));
  await expect.poll(() => lines.includes('ready'), { timeout: 60_000 }).toBe(true);
  return { child, lines, did: () => lines.filter((line) => line.startsWith('did ')) };
}

// A lost worker is noticed by its heartbeats, after a minute.
it('a killed worker of workflows and one of trainer jobs are replaced, and only the stages that they were at run again', { timeout: 240_000 }, async () => {
  const [light, trainer] = await Promise.all([worker('light', 'dataset,low/low'), worker('trainer', 'train')]);
  const spec = smallSpec({ conditions: ['real', 'low/low'], baselines: [], patch: {} });
  const handle = await temporal.client.workflow.start('sweep', { workflowId: 'killed', taskQueue: LIGHT_QUEUE, args: [spec] });
  await expect.poll(() => [light.lines.includes('hangs dataset'), trainer.lines.includes('hangs train')], { timeout: 60_000 }).toEqual([true, true]);
  for (const { child } of [light, trainer]) child.kill('SIGKILL');
  const after = await Promise.all([worker('light'), worker('trainer')]);
  const result = SweepResult.parse(await handle.result());
  expect(result).toMatchObject({ status: 'complete', failures: [] });

  const done = [light, trainer, ...after].flatMap((each) => each.did());
  expect(done.filter((line) => /^did (dataset|train) /.test(line))).toHaveLength(5);
  expect(new Set(done).size).toBe(done.length);
  expect(result.stagesRun).toBe(done.length);
  // What had hung was begun anew.
  for (const [cell, type] of [['real', 'trainAdapter'], ['low/low', 'synthesizeDataset']] as const) {
    const { events } = await temporal.client.workflow.getHandle(`killed/mdqa/tiny/${cell}`).fetchHistory();
    const scheduled = events!.find((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === type)!;
    const begun = events!.find((event) => event.activityTaskStartedEventAttributes?.scheduledEventId?.equals(scheduled.eventId!))!;
    expect(begun.activityTaskStartedEventAttributes).toMatchObject({ attempt: 2, lastFailure: { message: expect.stringContaining('imeout') } });
  }
});
