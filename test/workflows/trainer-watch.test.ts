/** Sweeps of which nobody does the trainer jobs. */
import type { WorkflowHandle } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { trainerPresence } from '#workers/trainer-worker.ts';
import { SweepProgress } from '#workflows/contracts/progress.ts';
import { smallSpec } from '../support/spec.ts';
import { sweepsForTests } from '../support/sweeps.ts';

const { native, workers, start, replay } = sweepsForTests('unattended', new URL('../support/small-limits.ts', import.meta.url));

const progressOf = async (handle: WorkflowHandle) => SweepProgress.parse(await handle.query('progress'));
const until = (check: () => Promise<unknown>) => expect.poll(check, { timeout: 90_000, interval: 200 });

const WAITING = 'a worker with a trainer (needlework worker trainer): 1 job waits in the queue needlework-gpu, and none listens';

describe('a sweep whose trainer jobs nobody does', () => {
  it('says so and fails nothing; is content with a worker that is busy, and goes on when one is free', async () => {
    const { trainers, notices, ran } = await workers(undefined, undefined, ['trainers']);
    const handle = await start(smallSpec({ baselines: [], conditions: ['real'], run: { webhook: { url: 'https://example.org/hook' } } }));
    await until(async () => (await progressOf(handle)).waitingFor).toBe(WAITING);
    expect((await progressOf(handle)).status).toBe('running');
    expect(JSON.stringify(await handle.query('__temporal_workflow_metadata'))).toContain(WAITING);
    await until(async () => notices.map(({ event, text }) => `${event}: ${text}`)).toEqual([`unattended: Sweep ${handle.workflowId} waits for ${WAITING}`]);

    // Its devices are busy, so it asks for no job.
    const presence = await trainerPresence({ connection: native(), namespace: 'default' });
    const present = presence.run();
    await until(async () => (await progressOf(handle)).waitingFor).toBeNull();
    expect(ran.map(({ stage }) => stage)).not.toContain('train');

    await trainers();
    expect(await handle.result()).toMatchObject({ status: 'complete', failures: [] });
    expect(notices.map(({ event, status }) => `${event} ${status}`)).toEqual(['unattended running', 'ended complete']);
    presence.shutdown();
    await present;
    await replay(handle);
  }, 240_000);
});
