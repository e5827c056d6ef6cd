/** Sweeps on a real Temporal server, with stages that do no work; for tests of the orchestration alone. */
import type { WorkflowHandle } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { SweepResult } from '#workflows/contracts/progress.ts';
import type { SweepSpecInput } from '#workflows/contracts/spec.ts';
import { LIGHT_QUEUE, LLM_QUEUE, TRAINER_QUEUE } from '#workflows/queues.ts';
import { instantActivities, type StageBehaviour } from './instant-activities.ts';
import { temporalForTests } from './temporal.ts';

/** Call at the top of a test file. */
export function sweepsForTests(prefix: string, workflows?: URL) {
  let temporal: Awaited<ReturnType<typeof temporalForTests>>;
  beforeAll(async () => {
    temporal = await temporalForTests(workflows);
  });
  afterAll(() => temporal.stop());

  const stops: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });

  let count = 0;
  const start = (spec: unknown): Promise<WorkflowHandle> => {
    count += 1;
    return temporal.client.workflow.start('sweep', { workflowId: `${prefix}-${count}`, taskQueue: LIGHT_QUEUE, args: [spec] });
  };

  return {
    client: () => temporal.client,
    native: () => temporal.native,
    bundle: () => temporal.workflowBundle,
    address: () => temporal.server.address,
    /** Workers for all queues, until the test ends, but those that come `later`, which are started by `trainers` and `writers`. */
    workers: async (behaviour?: StageBehaviour, batches?: { submitted: string[]; polls: number }, later: ('trainers' | 'writers')[] = []) => {
      const instant = instantActivities(behaviour, batches);
      const { workflowBundle } = temporal;
      const run = async (options: Parameters<typeof temporal.worker>[0]) => {
        const worker = await temporal.worker({ ...options, activities: instant.activities });
        const running = worker.run();
        stops.push(async () => {
          worker.shutdown();
          await running;
        });
      };
      /** At most so many jobs at once; as a rule any number. */
      const trainers = (atOnce?: number) => run({ taskQueue: TRAINER_QUEUE, ...(atOnce !== undefined && { maxConcurrentActivityTaskExecutions: atOnce }) });
      const writers = () => run({ taskQueue: LLM_QUEUE });
      await run({ taskQueue: LIGHT_QUEUE, workflowBundle });
      if (!later.includes('writers')) await writers();
      if (!later.includes('trainers')) await trainers();
      return { ...instant, trainers, writers };
    },
    start,
    /** Starts a sweep and waits for its result. */
    run: async (spec: SweepSpecInput) => {
      const handle = await start(spec);
      return { handle, result: SweepResult.parse(await handle.result()) };
    },
    /** Replays a finished workflow and its cells: code that is not deterministic throws. */
    replay: async (handle: WorkflowHandle, children: string[] = []): Promise<void> => {
      for (const id of [handle.workflowId, ...children]) {
        const history = await temporal.client.workflow.getHandle(id).fetchHistory();
        await Worker.runReplayHistory({ workflowBundle: temporal.workflowBundle }, history, id);
      }
    },
  };
}
