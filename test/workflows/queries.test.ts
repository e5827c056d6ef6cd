/** What is asked of a sweep while a worker is at its task, or none is there to take it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LIGHT_QUEUE } from '#workflows/queues.ts';
import { instantActivities } from '../support/instant-activities.ts';
import { smallSpec } from '../support/spec.ts';
import { temporalForTests } from '../support/temporal.ts';

let temporal: Awaited<ReturnType<typeof temporalForTests>>;
beforeAll(async () => {
  temporal = await temporalForTests();
});
afterAll(() => temporal.stop());

it('is answered, however many ask at once', { timeout: 120_000 }, async () => {
  const workflowId = 'asked';
  const { uiUrl } = temporal.server;
  const handle = await temporal.client.workflow.start('sweep', { workflowId, taskQueue: LIGHT_QUEUE, args: [smallSpec()] });
  const cookie = (await fetch(uiUrl)).headers.get('set-cookie')!.split(';')[0]!;
  // As the Web UI asks, which does not try again.
  const ask = (queryType: string) =>
    fetch(`${uiUrl}/api/v1/namespaces/default/workflows/${workflowId}/query/${queryType}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie, 'x-csrf-token': cookie.replace('_csrf=', '') },
      body: JSON.stringify({ execution: { workflowId }, query: { queryType } }),
    });
  const asked = ['progress', 'failures', 'plan', '__temporal_workflow_metadata'].map(ask);
  // They come while the task waits: later ones would be answered at once by any server.
  await sleep(2_000);
  const stop = await temporal.serve(instantActivities().activities);
  try {
    const answers = await Promise.all(asked);
    expect(await Promise.all(answers.map(async (answer) => (answer.ok ? answer.status : [answer.status, await answer.text()])))).toEqual([200, 200, 200, 200]);
    await handle.result();
  } finally {
    await stop();
  }
});
