/** New workflow code on a server of one's own: sweeps that it does not go on with are started again. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { renewSweeps } from '#workers/renew-sweeps.ts';
import { CODE_MEMO } from '#workers/running-sweep.ts';
import { SweepProgress, SweepResult } from '#workflows/contracts/progress.ts';
import { LIGHT_QUEUE, TRAINER_QUEUE } from '#workflows/queues.ts';
import { instantActivities } from '../support/instant-activities.ts';
import { smallSpec } from '../support/spec.ts';
import { bundleOf, temporalForTests } from '../support/temporal.ts';

let temporal: Awaited<ReturnType<typeof temporalForTests>>;
beforeAll(async () => {
  temporal = await temporalForTests();
}, 120_000);
afterAll(() => temporal.stop());

it('leaves open sweeps alone whose histories the code goes on with, and starts the others again, which do nothing twice', { timeout: 240_000 }, async () => {
  let hanging = true;
  const { activities, ran, notices } = instantActivities(({ stage }) => (hanging && stage === 'train' ? 'hang' : 'succeed'));
  const stop = await temporal.serve(activities);
  const { client } = temporal;
  const tell = (update: string, ...given: unknown[]) => client.workflow.getHandle('mine').executeUpdate(update, { args: given as [] });
  const spec = smallSpec({ baselines: [], conditions: ['real'], run: { webhook: { url: 'https://example.org/hook' } } });
  const started = await client.workflow.start('sweep', { workflowId: 'mine', taskQueue: LIGHT_QUEUE, args: [spec], staticSummary: 'what it is for', memo: { whose: 'me' } });
  await expect.poll(async () => SweepProgress.parse(await started.query('progress')).cells.map(({ running }) => Object.keys(running)), { timeout: 90_000, interval: 300 }).toEqual([['train']]);
  await tell('setPriority', { priority: 2 });
  await tell('setPriority', { priority: 1, cells: ['mdqa/tiny/real'] });
  await tell('setConcurrency', { cells: 5 });
  await tell('setConcurrency', { cells: 3 });
  await tell('retry');
  await tell('retry', { change: { run: { timeoutHours: { train: 5 } } } });
  await tell('pause');
  await stop();
  const said: string[] = [];
  const renew = (workflowBundle: typeof temporal.workflowBundle, code: string) => renewSweeps({ address: temporal.server.address, namespace: 'default', workflowBundle, code, say: (text) => said.push(text) });
  const run = async () => {
    const description = await client.workflow.getHandle('mine').describe();
    return { id: description.runId, summary: await description.staticSummary(), memo: description.memo };
  };

  expect(await renew(temporal.workflowBundle, 'mended')).toEqual([]);
  expect([(await run()).id, said]).toEqual([started.firstExecutionRunId, []]);

  const incompatible = await bundleOf(new URL('../histories/incompatible.ts', import.meta.url));
  expect(await renew(incompatible, 'other')).toEqual(['mine']);
  expect(said).toEqual(['sweep mine was started again, since its history does not go on under the present workflow code; what it finished is used again, and what it was told holds (paused, concurrency 3, priority 2, priority 1 for mdqa/tiny/real). It does not know any more: retry {"change":{"run":{"timeoutHours":{"train":5}}}}. Tell it again what still holds, by temporal workflow update execute']);
  const again = await run();
  expect(again.id).not.toBe(started.firstExecutionRunId);
  expect(again).toMatchObject({ summary: 'what it is for', memo: { whose: 'me', [CODE_MEMO]: 'other' } });
  expect((await client.workflow.getHandle('mine', started.firstExecutionRunId).describe()).status.name).toBe('TERMINATED');
  expect(await renew(incompatible, 'other'), 'it has not begun yet').toEqual([]);

  hanging = false;
  const serving = [await temporal.worker({ taskQueue: LIGHT_QUEUE, workflowBundle: incompatible, activities }), await temporal.worker({ taskQueue: TRAINER_QUEUE, activities })];
  const running = serving.map((worker) => worker.run());
  const progress = async () => SweepProgress.parse(await client.workflow.getHandle('mine').query('progress'));
  await expect.poll(async () => (await progress()).status, { timeout: 90_000, interval: 300 }).toBe('paused');
  expect((await progress()).steering).toMatchObject({ paused: true, concurrency: 3, priority: 2, priorities: { 'mdqa/tiny/real': 1 } });
  await tell('resume');
  expect(SweepResult.parse(await client.workflow.getHandle('mine').result())).toMatchObject({ status: 'complete', failures: [] });
  expect(notices.map(({ event, status }) => [event, status]), 'that one was started again is no end').toEqual([['ended', 'complete']]);
  for (const worker of serving) worker.shutdown();
  await Promise.all(running);
  expect(ran.map(({ stage }) => stage).sort(), 'datasets are of training and test').toEqual(['base', 'dataset', 'dataset', 'evaluate', 'mask', 'report', 'score', 'source', 'train']);
});
