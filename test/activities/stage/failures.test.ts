import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { expect, it } from 'vitest';
import { DatasetError } from '#activities/dataset/index.ts';
import { SourceError } from '#activities/source/index.ts';
import { checkLosses, toFailure } from '#activities/stage/failures.ts';
import { ArtifactCorrupt, ArtifactMissing } from '#infra/artifacts/errors.ts';
import { JobFailed, ProcessCrashed } from '#infra/launcher/errors.ts';
import { InvalidInput } from '#workflows/contracts/parse.ts';

const address = { kind: 'dataset', key: 'a'.repeat(64) };

it.each([
  [new InvalidInput('the recipe', ['seed: found -1, allowed: at least 0']), 'InvalidInput'],
  [new SourceError('rows.jsonl, row 3: question: found nothing'), 'SourceError'],
  [new DatasetError('condition: found "x"'), 'DatasetError'],
  [new ArtifactCorrupt(address, 'file a is gone'), 'ArtifactCorrupt'],
  [new JobFailed('PromptTooLong', 'prompt has 9 tokens', false), 'PromptTooLong'],
])('does not retry where that cannot help: %s', (error, type) => {
  expect(toFailure(error)).toMatchObject({ type, nonRetryable: true, message: expect.stringContaining(error.message) });
});

it.each([
  [new ProcessCrashed('the job process ended (SIGKILL)'), 'TrainerCrashed'],
  [new JobFailed('InternalError', 'something broke', true), 'InternalError'],
  [new ArtifactMissing(address), 'ArtifactMissing'],
])('retries what may go better: %s', (error, type) => {
  expect(toFailure(error)).toMatchObject({ type, nonRetryable: false });
});

it.each([
  [new ProcessCrashed('the job process ended (SIGKILL)'), 'trainer', 5, 'TrainerCrashed'],
  [new JobFailed('InternalError', 'something broke', true), 'trainer', 5, 'InternalError'],
  [new JobFailed('DiskFull', 'OSError: [Errno 28] No space left on device', true), 'other', 15, 'DiskFull'],
  [new Error('socket hang up'), 'other', 15, 'Error'],
] as const)('gives up at the last failure of its kind, and says so: %s', (error, kind, most, type) => {
  const none = { trainer: 99, other: 99, turnedDown: 99 };
  expect(toFailure(error, { ...none, [kind]: most - 2 })).not.toMatchObject({ nonRetryable: true });
  expect(toFailure(error, { ...none, [kind]: most - 1 })).toMatchObject({ type, nonRetryable: true, message: `${error.message} (failure ${most} of ${most})` });
  expect(toFailure(new CancelledFailure('cancelled'), none)).toBeInstanceOf(CancelledFailure);
});

it('counts a job that was turned down as no failure', () => {
  const turnedDown = ApplicationFailure.create({ type: 'BaseNotLoaded', message: 'no failure: this worker has another base loaded' });
  expect(toFailure(turnedDown, { trainer: 4, other: 14, turnedDown: 0 })).toBe(turnedDown);
});

it('waits for another attempt as long as its own failures ask for, however many attempts were lost or turned down', () => {
  const waits = (before: { trainer: number; other: number; turnedDown: number }) => (toFailure(new Error('socket hang up'), before) as ApplicationFailure).nextRetryDelay;
  expect(waits({ trainer: 0, other: 0, turnedDown: 3 })).toBe(1_000);
  expect(waits({ trainer: 2, other: 1, turnedDown: 3 })).toBe(8_000);
  expect(waits({ trainer: 0, other: 13, turnedDown: 0 })).toBe(60_000);
  // As Temporal itself would say it.
  expect(toFailure(Object.assign(new TypeError('fetch failed', { cause: new Error('reset') })))).toMatchObject({ type: 'TypeError', message: 'fetch failed', nonRetryable: false, cause: { message: 'reset' } });
});

it('leaves a cancellation and a failure that no retry helps as they are', () => {
  for (const error of [new CancelledFailure('cancelled'), ApplicationFailure.nonRetryable('known')]) expect(toFailure(error)).toBe(error);
});

it('counts attempts that were lost with their worker apart, and gives up after a hundred', async () => {
  const checked = (attempt: number, failures?: { trainer: number; other: number; turnedDown?: number }) =>
    new MockActivityEnvironment({ attempt, ...(failures && { heartbeatDetails: { text: 'train 1/2', failures } }) }, { logger: new DefaultLogger('ERROR') }).run(async () => checkLosses());
  await checked(1);
  await checked(101);
  await expect(checked(102)).rejects.toMatchObject({ type: 'WorkerLost', nonRetryable: true, message: expect.stringMatching(/^101 attempts were lost with their worker.* allowed: 100$/) });
  // Its own failures are none of them.
  await checked(116, { trainer: 1, other: 14 });
  await expect(checked(117, { trainer: 1, other: 14 })).rejects.toMatchObject({ type: 'WorkerLost' });
  // Nor are jobs that workers left to others.
  await checked(122, { trainer: 1, other: 14, turnedDown: 6 });
});
