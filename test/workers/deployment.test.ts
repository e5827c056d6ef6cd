/** Versions of the workflow code on a fleet: new code beside sweeps that run, and sweeps moved to it, by the README's commands. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { currentVersion, DEPLOYMENT, versionOptions } from '#workers/deployment.ts';
import { SweepProgress, SweepResult } from '#workflows/contracts/progress.ts';
import { LIGHT_QUEUE, TRAINER_QUEUE } from '#workflows/queues.ts';
import { executable } from '../infra/servers/support.ts';
import { instantActivities } from '../support/instant-activities.ts';
import { smallSpec } from '../support/spec.ts';
import { bundleOf, temporalForTests } from '../support/temporal.ts';

const run = promisify(execFile);
const CELL = 'mdqa/tiny/real';

describe('workflow code that changes under running sweeps', { timeout: 300_000 }, () => {
  let temporal: Awaited<ReturnType<typeof temporalForTests>>;
  let incompatible: Awaited<ReturnType<typeof bundleOf>>;
  const stops: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    temporal = await temporalForTests();
    incompatible = await bundleOf(new URL('../histories/incompatible.ts', import.meta.url));
  }, 300_000);
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });
  afterAll(() => temporal.stop());

  /** What starts a worker with these activities, and returns what stops it. */
  const workersWith = (activities: object) => async (options: Parameters<typeof temporal.worker>[0]) => {
    const made = await temporal.worker({ ...options, activities });
    const running = made.run();
    let stopped: Promise<void> | undefined;
    const stop = () => {
      if (stopped === undefined) made.shutdown();
      return (stopped ??= running);
    };
    stops.push(stop);
    return stop;
  };
  const cli = (...args: string[]) => run(executable('NEEDLEWORK_TEMPORAL_CLI'), [...args, '--address', temporal.server.address]);
  const makeCurrent = (buildId: string) =>
    expect.poll(() => cli('worker', 'deployment', 'set-current-version', '--deployment-name', DEPLOYMENT, '--build-id', buildId, '--yes').then(() => 'set', (error: Error) => error.message), { timeout: 60_000 }).toBe('set');

  it('leaves them to the workers of their version; new ones begin under the current one, and they can be moved', async () => {
    let hanging = true;
    const { activities } = instantActivities(({ stage }) => (hanging && stage === 'train' ? 'hang' : 'succeed'));
    const worker = workersWith(activities);
    const light = (buildId: string, workflowBundle = temporal.workflowBundle) => worker({ taskQueue: LIGHT_QUEUE, workflowBundle, workerDeploymentOptions: versionOptions(buildId) });
    const start = (workflowId: string, seed: number) => temporal.client.workflow.start('sweep', { workflowId, taskQueue: LIGHT_QUEUE, args: [smallSpec({ baselines: [], conditions: ['real'], seed, run: { webhook: { url: 'https://example.org/hook' } } })] });
    const untilItTrains = (handle: WorkflowHandle) =>
      expect.poll(async () => SweepProgress.parse(await handle.query('progress')).cells.map(({ running }) => Object.keys(running)), { timeout: 90_000, interval: 300 }).toEqual([['train']]);

    await worker({ taskQueue: TRAINER_QUEUE });
    const stopFirst = await light('first');
    // The first version there is becomes the current one.
    expect(await currentVersion(temporal.native, 'default', 'first')).toBe('first');
    const old = await start('old', 1);
    await untilItTrains(old);

    await light('second', incompatible);
    // A person decides when new code takes over.
    expect(await currentVersion(temporal.native, 'default', 'second')).toBe('first');
    await makeCurrent('second');
    const young = await start('young', 2);
    await untilItTrains(young);

    // The upgrade path: a version whose code goes on with the histories of the first one takes its sweeps over, cells included.
    await light('first-mended');
    const move = ['--query', 'NeedleworkSweep = "old" AND ExecutionStatus = "Running"', '--reason', 'mended', '--yes', '--versioning-override-behavior', 'pinned', '--versioning-override-deployment-name', DEPLOYMENT, '--versioning-override-build-id', 'first-mended'];
    await cli('workflow', 'update-options', ...move);
    const pinnedTo = async (id: string) => (await temporal.client.workflow.getHandle(id).describe()).raw.workflowExecutionInfo?.versioningInfo?.versioningOverride?.pinned?.version?.buildId;
    for (const id of ['old', `old/${CELL}`]) await expect.poll(() => pinnedTo(id), { timeout: 60_000 }).toBe('first-mended');
    await stopFirst();

    hanging = false;
    for (const handle of [old, young]) expect(SweepResult.parse(await handle.result())).toMatchObject({ status: 'complete', failures: [] });
    expect(await versionsOf('old')).toEqual(['first', 'first-mended']);
    expect(await versionsOf(`old/${CELL}`)).toEqual(['first', 'first-mended']);
    // Nobody moves what is no sweep and no cell: it goes with the current version.
    await expect.poll(() => versionsOf('old/herald'), { timeout: 60_000 }).toEqual(['first', 'second']);
    expect(await versionsOf('young')).toEqual(['second']);
    expect(await versionsOf(`young/${CELL}`)).toEqual(['second']);
  });

  it('leaves a sweep that continues as new to the version that it is pinned to, also where it was moved to that', async () => {
    let hanging = true;
    const { activities } = instantActivities(({ stage }) => (hanging && stage === 'train' ? 'hang' : 'succeed'));
    const short = await bundleOf(new URL('../support/short-runs.ts', import.meta.url));
    const worker = workersWith(activities);
    const light = (buildId: string) => worker({ taskQueue: LIGHT_QUEUE, workflowBundle: short, workerDeploymentOptions: versionOptions(buildId) });
    const handle = temporal.client.workflow.getHandle('short');
    const isTraining = () => expect.poll(async () => SweepProgress.parse(await handle.query('progress')).cells.map(({ running }) => Object.keys(running)), { timeout: 90_000, interval: 300 }).toEqual([['train']]);
    const untilContinued = async (from: string) => {
      for (const cells of [2, 3]) await handle.executeUpdate('setConcurrency', { args: [{ cells }] });
      await expect.poll(async () => (await handle.describe()).runId, { timeout: 60_000, interval: 300 }).not.toBe(from);
      await isTraining();
      return (await handle.describe()).runId;
    };

    await worker({ taskQueue: TRAINER_QUEUE });
    const stopOlder = await light('older');
    await makeCurrent('older');
    const { firstExecutionRunId: first } = await temporal.client.workflow.start('sweep', { workflowId: 'short', taskQueue: LIGHT_QUEUE, args: [smallSpec({ name: 'after-2-updates', baselines: [], conditions: ['real'], seed: 5 })] });
    await isTraining();
    await light('newer');
    await makeCurrent('newer');
    const second = await untilContinued(first);

    await light('older-mended');
    await cli('workflow', 'update-options', '--query', 'NeedleworkSweep = "short" AND ExecutionStatus = "Running"', '--reason', 'mended', '--yes', '--versioning-override-behavior', 'pinned', '--versioning-override-deployment-name', DEPLOYMENT, '--versioning-override-build-id', 'older-mended');
    await expect.poll(async () => (await handle.describe()).raw.workflowExecutionInfo?.versioningInfo?.versioningOverride?.pinned?.version?.buildId, { timeout: 60_000 }).toBe('older-mended');
    await stopOlder();
    const third = await untilContinued(second);

    hanging = false;
    expect(SweepResult.parse(await handle.result())).toMatchObject({ status: 'complete', failures: [] });
    expect(await Promise.all([first, second, third].map((runId) => versionsOf('short', runId)))).toEqual([['older'], ['older', 'older-mended'], ['older-mended']]);
    expect(await versionsOf(`short/${CELL}`)).toEqual(['older-mended']);
  });

  /** Versions that have worked on a workflow, or on one run of it, in order. */
  async function versionsOf(workflowId: string, runId?: string): Promise<unknown[]> {
    const { events } = await temporal.client.workflow.getHandle(workflowId, runId).fetchHistory();
    return [...new Set((events ?? []).flatMap(({ workflowTaskCompletedEventAttributes: event }) => (event ? [event.deploymentVersion?.buildId] : [])))];
  }
});
