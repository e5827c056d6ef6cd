import { DefaultLogger } from '@temporalio/worker';
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, it } from 'vitest';
import { failuresBefore, tellTurnedDown } from '#activities/stage/failure-counts.ts';

it('keeps how far a job was and what had failed in it when it is turned down', async () => {
  const heartbeatDetails = { text: 'train 312/400', phase: 'train', done: 312, total: 400, failures: { trainer: 2, other: 1 } };
  const environment = new MockActivityEnvironment({ heartbeatDetails }, { logger: new DefaultLogger('ERROR') });
  const told: unknown[] = [];
  environment.on('heartbeat', (details) => told.push(details));
  await environment.run(async () => tellTurnedDown('waits', failuresBefore()));
  expect(told).toEqual([{ ...heartbeatDetails, text: 'waits', failures: { trainer: 2, other: 1, turnedDown: 1 } }]);
});
