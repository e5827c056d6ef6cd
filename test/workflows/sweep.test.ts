import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import { Worker } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SweepProgress, SweepResult } from '#workflows/contracts/progress.ts';
import type { SweepSpecInput } from '#workflows/contracts/spec.ts';
import { LIGHT_QUEUE, TRAINER_QUEUE } from '#workflows/queues.ts';
import { instantActivities, type StageBehaviour } from '../support/instant-activities.ts';
import { smallSpec } from '../support/spec.ts';
import { temporalForTests } from '../support/temporal.ts';

let temporal: Awaited<ReturnType<typeof temporalForTests>>;
beforeAll(async () => {
  temporal = await temporalForTests();
});
afterAll(() => temporal.stop());

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** Workers for both queues whose stages do no work. */
async function workers(behaviour?: StageBehaviour) {
  const instant = instantActivities(behaviour);
  const { workflowBundle } = temporal;
  const made = [
    await temporal.worker({ taskQueue: LIGHT_QUEUE, workflowBundle, activities: instant.activities }),
    await temporal.worker({ taskQueue: TRAINER_QUEUE, activities: instant.activities }),
  ];
  const running = made.map((worker) => worker.run());
  stops.push(async () => {
    for (const worker of made) worker.shutdown();
    await Promise.all(running);
  });
  return instant;
}

let count = 0;
function start(spec: unknown): Promise<WorkflowHandle> {
  count += 1;
  return temporal.client.workflow.start('sweep', { workflowId: `sweep-${count}`, taskQueue: LIGHT_QUEUE, args: [spec] });
}

async function run(spec: SweepSpecInput) {
  const handle = await start(spec);
  return { handle, result: SweepResult.parse(await handle.result()) };
}

/** Replays a finished workflow and its cells: code that is not deterministic throws. */
async function replay(handle: WorkflowHandle, children: string[] = []): Promise<void> {
  for (const id of [handle.workflowId, ...children]) {
    const history = await temporal.client.workflow.getHandle(id).fetchHistory();
    await Worker.runReplayHistory({ workflowBundle: temporal.workflowBundle }, history, id);
  }
}

describe('the sweep workflow', () => {
  it('runs every stage once, shared ones for all cells, and can be replayed', async () => {
    const { ran } = await workers();
    const { handle, result } = await run(smallSpec());
    const counts = Object.groupBy(ran, ({ stage }) => stage);
    expect(Object.fromEntries(Object.entries(counts).map(([stage, recipes]) => [stage, recipes?.length]))).toEqual({
      source: 1, base: 1, dataset: 3, train: 2, evaluate: 4, score: 2, mask: 2, report: 1,
    });
    expect(result).toMatchObject({ status: 'complete', stagesRun: 16, stagesReused: 0, failures: [], report: { file: 'report.html' } });
    expect(result.cells.map(({ id, status, f1 }) => [id, status, f1])).toEqual([
      ['mdqa/tiny/untuned', 'done', 0.5],
      ['mdqa/tiny/untuned-scaled', 'done', 0.5],
      ['mdqa/tiny/real', 'done', 0.5],
      ['mdqa/tiny/symbolic', 'done', 0.5],
    ]);
    await replay(handle, [`${handle.workflowId}/mdqa/tiny/real`, `${handle.workflowId}/mdqa/tiny/symbolic`]);
  });

  it('runs nothing the second time', async () => {
    const { ran } = await workers();
    await run(smallSpec());
    const before = ran.length;
    const { result } = await run(smallSpec({ name: 'another-name' }));
    // The report shows the name of its sweep, so it alone is written again.
    expect(ran.slice(before).map(({ stage }) => stage)).toEqual(['report']);
    expect(result).toMatchObject({ stagesRun: 1, stagesReused: 15 });
    expect((await run(smallSpec())).result).toMatchObject({ stagesRun: 0, stagesReused: 16 });
  });

  it('runs only what a changed setting concerns', async () => {
    const { ran } = await workers();
    await run(smallSpec());
    const before = ran.length;
    await run(smallSpec({ mask: { k: [3] } }));
    expect(ran.slice(before).map(({ stage }) => stage).sort()).toEqual(['mask', 'mask', 'report']);
  });

  it('goes on with the other cells when one fails, and says which, at what stage and why', async () => {
    await workers(({ stage, inputs, params }) => (stage === 'dataset' && params.condition === 'symbolic' && inputs.source ? 'fail' : 'succeed'));
    const { handle, result } = await run(smallSpec());
    expect(result.status).toBe('partial');
    expect(result.failures).toEqual([
      { cell: 'mdqa/tiny/symbolic', stage: 'dataset', type: 'SourceError', message: 'mdqa × tiny × symbolic, stage dataset: the data is malformed' },
    ]);
    expect(result.cells.find(({ id }) => id === 'mdqa/tiny/real')?.status).toBe('done');
    const progress = SweepProgress.parse(await handle.query('progress'));
    expect(progress.counts).toEqual({ waiting: 0, running: 0, done: 3, failed: 1 });
    await replay(handle);
  });

  it('finishes what does not rest on a failed stage, and reports what there is of a failed cell', async () => {
    const { ran } = await workers(({ stage, inputs }) => (stage === 'evaluate' && inputs.adapter ? 'fail' : 'succeed'));
    const { result } = await run(smallSpec());
    expect(result.failures.map(({ cell, stage }) => [cell, stage])).toEqual([['mdqa/tiny/real', 'evaluate'], ['mdqa/tiny/symbolic', 'evaluate']]);
    expect(ran.map(({ stage }) => stage).filter((stage) => stage === 'mask')).toHaveLength(2);
    const { inputs } = ran.find(({ stage }) => stage === 'report')!;
    const roles = Object.keys(inputs).filter((role) => role.startsWith('mdqa/tiny/real: '));
    expect(roles.map((role) => role.split(': ')[1]).sort()).toEqual(['base', 'dataset', 'mask', 'score', 'source', 'test', 'train']);
  });

  it('fails where every cell failed, but reports what they finished before', async () => {
    const { ran } = await workers(({ stage }) => (stage === 'evaluate' ? 'fail' : 'succeed'));
    const failed = await (await start(smallSpec({ baselines: [] }))).result().catch((error: unknown) => error);
    expect((failed as WorkflowFailedError).cause).toMatchObject({ type: 'SweepFailed', nonRetryable: true, message: expect.stringMatching(/^no cell of the sweep could be finished:\n[^]*stage evaluate: the data is malformed[^]*\nreport of what there is: report\.html$/) });
    expect(ran.map(({ stage }) => stage)).toContain('report');
  });

  it('says why there is no report where that fails too', async () => {
    await workers(({ stage }) => (stage === 'mask' || stage === 'report' ? 'fail' : 'succeed'));
    const failed = await (await start(smallSpec())).result().catch((error: unknown) => error);
    expect(String((failed as WorkflowFailedError).cause)).toMatch(/cells of the sweep failed:\n[^]*stage mask: the data is malformed[^]*and no report could be written: small, stage report: the data is malformed/);
  });

  it('goes on when a single cell is cancelled, and says so', async () => {
    await workers(({ stage }) => (stage === 'train' ? 'hang' : 'succeed'));
    const handle = await start(smallSpec({ conditions: ['real'] }));
    const cell = temporal.client.workflow.getHandle(`${handle.workflowId}/mdqa/tiny/real`);
    const isTraining = async () => SweepProgress.parse(await handle.query('progress')).cells.some(({ stage }) => stage === 'train');
    await expect.poll(isTraining, { timeout: 20_000 }).toBe(true);
    await cell.cancel();
    const result = SweepResult.parse(await handle.result());
    expect(result).toMatchObject({ status: 'partial', failures: [{ cell: 'mdqa/tiny/real', type: 'Cancelled', message: 'the cell was cancelled' }] });
  });

  it('fails where no cell can be finished, with every cause', async () => {
    await workers(({ stage }) => (stage === 'source' ? 'fail' : 'succeed'));
    const handle = await start(smallSpec());
    const failed = await handle.result().catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(WorkflowFailedError);
    expect(await handle.query('progress')).toMatchObject({ status: 'failed', counts: { failed: 4 } });
    const [headline, ...causes] = ((failed as WorkflowFailedError).cause as Error).message.split('\n');
    expect(headline).toBe('no cell of the sweep could be finished:');
    expect(causes, 'one cause, told once').toHaveLength(1);
    expect(causes[0]).toMatch(/mdqa × tiny: source rows, stage source: the data is malformed \(stopped (.+, ){3}.+\)/);
  });

  it('refuses a bad spec before anything starts', async () => {
    const { ran } = await workers();
    const failed = await (await start({ ...smallSpec(), sizes: 3 })).result().catch((error: unknown) => error);
    expect((failed as WorkflowFailedError).cause).toMatchObject({ type: 'InvalidSpec', nonRetryable: true, message: expect.stringContaining('sizes: found an unknown key') });
    expect(ran).toEqual([]);
  });

  it('answers the progress query while it runs, and stops everything when cancelled', async () => {
    await workers(({ stage }) => (stage === 'train' ? 'hang' : 'succeed'));
    const handle = await start(smallSpec());
    const cell = () => temporal.client.workflow.getHandle(`${handle.workflowId}/mdqa/tiny/real`);
    await expect
      .poll(async () => SweepProgress.parse(await handle.query('progress')).cells.find(({ id }) => id === 'mdqa/tiny/real'), { timeout: 20_000 })
      .toMatchObject({ status: 'running', stage: 'train', stagesDone: 1, workflowId: cell().workflowId });
    await handle.cancel();
    const ended = await handle.result().catch((error: unknown) => error);
    expect((ended as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
    expect((await cell().describe()).status.name).toBe('CANCELLED');
    expect(await handle.query('progress')).toMatchObject({ status: 'cancelled' });
  });

  it('makes a discarded artifact anew, and nothing else', async () => {
    const { ran, made } = await workers();
    await run(smallSpec());
    const train = ran.find(({ stage }) => stage === 'train')!;
    const [key] = [...made].find(([, { ref }]) => ref.stage === 'train' && made.get(ref.key) !== undefined && train !== undefined)!;
    await temporal.client.workflow.execute('discard', { workflowId: 'discard-1', taskQueue: LIGHT_QUEUE, args: [{ stage: 'train', key }] });
    const before = ran.length;
    await run(smallSpec());
    expect(ran.slice(before).map(({ stage }) => stage)).toEqual(['train']);
  });
});
