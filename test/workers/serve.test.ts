/** How a worker ends that is asked to. */
import { IllegalStateError, NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { serve } from '#workers/serve.ts';
import { LIGHT_QUEUE } from '#workflows/queues.ts';
import { instantActivities } from '../support/instant-activities.ts';
import { smallSpec } from '../support/spec.ts';
import { temporalForTests } from '../support/temporal.ts';

let temporal: Awaited<ReturnType<typeof temporalForTests>>;
beforeAll(async () => {
  temporal = await temporalForTests();
});
afterAll(() => temporal.stop());

/** A sweep on a worker that is asked to stop when a job has begun, which goes `on` as it may; tells what was said. */
async function stopAtWork(on: () => Promise<void>): Promise<string[]> {
  const said: string[] = [];
  let begun = () => {};
  const atWork = new Promise<void>((resolve) => (begun = resolve));
  const { activities } = instantActivities();
  const fingerprintInputs = async () => {
    begun();
    await on();
    return {};
  };
  // Its own: a worker that leaves jobs holds it for ever.
  const connection = await NativeConnection.connect({ address: temporal.server.address });
  const worker = await Worker.create({ connection, taskQueue: LIGHT_QUEUE, workflowBundle: temporal.workflowBundle, activities: { ...activities, fingerprintInputs }, shutdownForceTime: '2s' });
  const handle = await temporal.client.workflow.start('sweep', { workflowId: 'stopped', taskQueue: LIGHT_QUEUE, args: [smallSpec()] });
  const { ended, stop } = serve(worker, (text) => said.push(text));
  await atWork;
  stop();
  stop();
  await ended;
  await handle.terminate();
  return said;
}

it('is without an error, and says so, where a job does not end, as all its work is done again', { timeout: 60_000 }, async () => {
  expect(await stopAtWork(() => new Promise(() => {}))).toEqual([expect.stringMatching(/^jobs that had not ended 15s after they were to stop were left; they are done again/)]);
});

it('is without a word where jobs end', { timeout: 60_000 }, async () => {
  expect(await stopAtWork(() => Promise.resolve())).toEqual([]);
});

it('is told where it is by itself', async () => {
  const worker = await temporal.worker({ taskQueue: LIGHT_QUEUE, activities: instantActivities().activities });
  const { ended } = serve(worker, () => {});
  // Nobody asked this one to stop.
  await expect(serve(worker, () => {}).ended).rejects.toThrow(IllegalStateError);
  worker.shutdown();
  await ended;
});
