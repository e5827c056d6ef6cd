/** Runs of a part of a sweep (`only`) and stages made anew (`force`), with real artifacts on a real S3 server. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SweepResult } from '#workflows/contracts/progress.ts';
import type { SweepSpecInput } from '#workflows/contracts/spec.ts';
import { LIGHT_QUEUE } from '#workflows/queues.ts';
import { temporaryFolder } from '../support/folders.ts';
import { smallSpec } from '../support/spec.ts';
import { s3ForTests, type StageContents, storedActivities } from '../support/stored-activities.ts';
import { temporalForTests } from '../support/temporal.ts';

let temporal: Awaited<ReturnType<typeof temporalForTests>>;
let s3: Awaited<ReturnType<typeof s3ForTests>>;
beforeAll(async () => {
  [temporal, s3] = await Promise.all([temporalForTests(), s3ForTests(temporaryFolder())]);
});
afterAll(() => Promise.all([temporal.stop(), s3.stop()]));

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function workers(contents?: StageContents) {
  const { activities, ran } = storedActivities(s3.context, contents);
  stops.push(await temporal.serve(activities));
  /** Stages that did work since it was asked before. */
  const news = () => ran.splice(0).map(({ stage }) => stage).sort();
  return { ran, news };
}

let count = 0;
async function start(spec: SweepSpecInput) {
  count += 1;
  return temporal.client.workflow.start('sweep', { workflowId: `partial-${count}`, taskQueue: LIGHT_QUEUE, args: [spec] });
}
async function run(spec: SweepSpecInput) {
  const handle = await start(spec);
  return { handle, result: SweepResult.parse(await handle.result()) };
}

/** A small sweep with artifacts of its own. */
const sweepOf = (seed: number, changes: Partial<SweepSpecInput> = {}) => {
  const { mask: _, ...spec } = smallSpec({ seed, baselines: [], patch: {}, ...changes });
  return spec;
};

describe('force', () => {
  it('has stages made anew once per label, and what rests on them where they come out different', { timeout: 400_000 }, async () => {
    let text = 'as ever';
    const { news } = await workers(({ stage }) => (stage === 'train' ? text : stage));
    const force = (label: string): Partial<SweepSpecInput> => ({ force: { label, stages: [{ stage: 'train', condition: 'symbolic' }] } });
    const { result: first } = await run(sweepOf(1));
    expect(news()).toEqual(['base', 'dataset', 'dataset', 'dataset', 'evaluate', 'evaluate', 'patch', 'report', 'score', 'score', 'source', 'train', 'train']);

    const { handle, result: same } = await run(sweepOf(1, force('once')));
    expect(news(), 'the same bytes').toEqual(['train']);
    expect(same).toMatchObject({ status: 'complete', stagesRun: 1, report: { key: first.report.key } });

    await run(sweepOf(1, force('once')));
    expect(news(), 'under this label it was made').toEqual([]);

    const { events } = await handle.fetchHistory();
    const { runId } = await temporal.client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: handle.workflowId, runId: handle.firstExecutionRunId },
      reason: 'test',
      workflowTaskFinishEventId: events!.find(({ workflowTaskCompletedEventAttributes }) => workflowTaskCompletedEventAttributes)!.eventId!,
      requestId: 'reset-1',
    });
    await temporal.client.workflow.getHandle(handle.workflowId, runId!).result();
    expect(news(), 'nor after a reset').toEqual([]);

    text = 'another adapter';
    await run(sweepOf(1, force('twice')));
    expect(news()).toEqual(['evaluate', 'patch', 'report', 'score', 'train']);
    await run(sweepOf(1));
    await run(sweepOf(1, force('once')));
    expect(news(), 'nothing is left to do').toEqual([]);
  });

  it('goes on with what rests on a stage that came out different, whenever it was cut off', { timeout: 300_000 }, async () => {
    let text = 'as ever';
    let evaluation: string = 'as ever';
    let hanging = false;
    const { news } = await workers(({ stage }) => {
      if (stage === 'train') return text;
      if (stage !== 'evaluate') return stage;
      hanging ||= evaluation === 'hang';
      return evaluation;
    });
    await run(sweepOf(2, { conditions: ['real'] }));
    news();
    text = 'another adapter';
    evaluation = 'hang';
    const forced = await start(sweepOf(2, { conditions: ['real'], force: { label: 'cut-off', stages: ['train'] } }));
    // Not merely started: an evaluation that still reads its inputs would come to the other answers below, and count twice.
    await expect.poll(() => hanging, { timeout: 60_000 }).toBe(true);
    await forced.terminate();
    news();
    evaluation = 'other answers';
    // Without the label, too: artifacts tell what they were made from.
    const { result } = await run(sweepOf(2, { conditions: ['real'] }));
    expect(result.status).toBe('complete');
    const made = news();
    expect(made.filter((stage) => stage !== 'score')).toEqual(['evaluate', 'report']);
    expect(made.includes('train')).toBe(false);
  });
});

describe('only', () => {
  it('makes what is selected and what that rests on, and reports what there is of the rest', { timeout: 300_000 }, async () => {
    const { ran, news } = await workers();
    const { result } = await run(sweepOf(3, { only: [{ condition: 'symbolic', stage: 'patch' }], baselines: ['untuned'] }));
    const report = ran.find(({ stage }) => stage === 'report')!;
    expect(report.params.skipped).toEqual({
      'mdqa/tiny/untuned': 'evaluate: not part of this run (only)',
      'mdqa/tiny/real': 'evaluate: not part of this run (only)',
      'mdqa/tiny/symbolic': 'evaluate: not part of this run (only)',
    });
    expect(report.params.spec).not.toHaveProperty('only');
    expect(news(), 'the base is there from before').toEqual(['dataset', 'dataset', 'dataset', 'patch', 'report', 'score', 'score', 'source', 'train', 'train']);
    expect(result.cells.map(({ id, status, stagesDone, stagesTotal }) => [id, status, stagesDone, stagesTotal])).toEqual([['mdqa/tiny/real', 'done', 3, 3], ['mdqa/tiny/symbolic', 'done', 4, 4]]);

    await run(sweepOf(3, { only: ['evaluate'], baselines: ['untuned'] }));
    expect(news()).toEqual(['evaluate', 'evaluate', 'evaluate', 'report']);
    const { result: whole } = await run(sweepOf(3, { baselines: ['untuned'] }));
    expect(news(), 'the report of a whole run is the same').toEqual([]);
    expect(whole).toMatchObject({ status: 'complete', stagesRun: 0 });
  });
});
