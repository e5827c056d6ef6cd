/** Workers of a fleet with real trainers and two bases: which of the jobs in the queue they take, and how often a base is loaded. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NativeConnection } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { QueuePass } from '#activities/stage/queue-pass.ts';
import { JobPool } from '#infra/launcher/job-pool.ts';
import type { ArtifactRef, Recipe } from '#workflows/contracts/artifacts.ts';
import { artifactKey } from '#workflows/plan/keys.ts';
import { STAGE_VERSIONS } from '#workflows/plan/versions.ts';
import { LIGHT_QUEUE, TRAINER_QUEUE } from '#workflows/queues.ts';
import { trainerCommand } from '#workers/trainer-command.ts';
import { trainerWorker } from '#workers/trainer-worker.ts';
import { temporaryFolder } from '../support/folders.ts';
import { s3ForTests } from '../support/stored-activities.ts';
import { temporalForTests } from '../support/temporal.ts';

/** TASK_QUEUE_TYPE_ACTIVITY of the Temporal API. */
const ACTIVITY_QUEUE = 2;

const BASES = ['tiny-llama', 'tiny-mistral'] as const;
const [A, B] = BASES;
type BaseName = (typeof BASES)[number];

/** These bases load at once: here, any is worth a look through the queue. */
const PICKY = { loadSeconds: 0, passMs: 30_000, againMs: 500, mostTimes: 100 };
const HASTY = { ...PICKY, loadSeconds: Infinity };

const folder = temporaryFolder();
let temporal: Awaited<ReturnType<typeof temporalForTests>>;
let s3: Awaited<ReturnType<typeof s3ForTests>>;
let refs: Record<'test' | BaseName, ArtifactRef>;
const pools: JobPool[] = [];
let stopLight = async () => {};

beforeAll(async () => {
  pools.push(...[1, 2].map(() => new JobPool(1, trainerCommand(process.env))));
  const warm = Promise.all(pools.map((pool) => pool.warm()));
  [temporal, s3] = await Promise.all([temporalForTests(new URL('../support/trainer-jobs.ts', import.meta.url)), s3ForTests(folder)]);
  const given = async (stage: 'base' | 'dataset', fill: string, from: string, summary = {}, recipe = {}): Promise<ArtifactRef> => {
    const key = fill.repeat(64);
    await s3.store.commit({ kind: stage, key, recipe, summary, measurements: {}, versions: {} }, from);
    return { stage, key };
  };
  const data = join(folder, 'data');
  await mkdir(data);
  const example = { id: '1', task: 'mdqa', condition: 'real', split: 'test', prompt: 'The vault is open. Answer:', answer: 'open', answers: ['open'], question: 'What?', needles: [{ start: 0, end: 18 }], answerSpans: [], promptTokens: 12 };
  await writeFile(join(data, 'test.jsonl'), `${JSON.stringify(example)}\n`);
  const models = fileURLToPath(new URL('../../examples/models/', import.meta.url));
  refs = { test: await given('dataset', '0', data, {}, { stage: 'dataset', version: STAGE_VERSIONS.dataset, params: { contextTokens: 64 }, inputs: {}, seed: 0 }), [A]: await given('base', 'a', join(models, A), { modelType: 'llama', parameters: 1234567 }), [B]: await given('base', 'b', join(models, B)) };
  const light = await temporal.worker({ taskQueue: LIGHT_QUEUE, workflowBundle: temporal.workflowBundle });
  const running = light.run();
  stopLight = () => {
    light.shutdown();
    return running;
  };
  await warm;
}, 120_000);
afterAll(async () => {
  await stopLight();
  await Promise.all([...pools.map((pool) => pool.stop()), temporal.stop(), s3.stop()]);
});

let tokens = 0;
/** A job of its own: what it is to answer is never long. */
function job(base: BaseName): Recipe {
  const model = { ropeTheta: null, dtype: 'float32', device: 'cpu' };
  return { stage: 'evaluate', version: STAGE_VERSIONS.evaluate, params: { model, evaluate: { maxNewTokens: (tokens += 1) } }, inputs: { base: refs[base], test: refs.test }, seed: 0 };
}

/** Puts jobs into the queue and then starts workers; tells how each job went, in the order of their ends. */
async function workOff(jobs: { recipe: Recipe; priority?: number }[], workers: { pool: JobPool; limits: typeof PICKY }[]) {
  const handle = await temporal.client.workflow.start('trainerJobs', { workflowId: `jobs-${tokens}`, taskQueue: LIGHT_QUEUE, args: [jobs] });
  // Scheduled ones may still be on their way to the queue.
  const queue = { namespace: 'default', taskQueue: { name: TRAINER_QUEUE }, taskQueueType: ACTIVITY_QUEUE, reportStats: true };
  await expect.poll(async () => Number((await temporal.client.workflowService.describeTaskQueue(queue)).stats?.approximateBacklogCount), { timeout: 30_000 }).toBe(jobs.length);
  // Two workers of one queue share no connection.
  const serving = await Promise.all(
    workers.map(async ({ pool, limits }) => {
      const connection = await NativeConnection.connect({ address: temporal.server.address });
      const worker = await trainerWorker({ connection, namespace: 'default', context: s3.context }, pool, new QueuePass(limits));
      const running = worker.run();
      return async () => {
        worker.shutdown();
        await running;
        await connection.close();
      };
    }),
  );
  await handle.result().finally(() => Promise.all(serving.map((stop) => stop())));
  const made = await Promise.all(jobs.map(async ({ recipe }) => ({ base: recipe.inputs.base!.key === refs[A].key ? A : B, manifest: (await s3.store.find({ kind: 'evaluate', key: artifactKey(recipe) }))! })));
  made.sort((one, other) => one.manifest.committedAt.localeCompare(other.manifest.committedAt));
  const { events } = await handle.fetchHistory();
  return { order: made.map(({ base }) => base), loads: made.filter(({ manifest }) => manifest.measurements.modelReloaded).length, events: events! };
}

const alternating = (times: number) => Array.from({ length: times }, () => BASES.map((base) => ({ recipe: job(base) }))).flat();

it('a worker takes the jobs of the base that it has loaded first, and then the others', { timeout: 60_000 }, async () => {
  const [first] = pools as [JobPool];
  await workOff([{ recipe: job(A) }], [{ pool: first, limits: HASTY }]);
  const picky = await workOff(alternating(4), [{ pool: first, limits: PICKY }]);
  expect(picky.order).toEqual([A, A, A, A, B, B, B, B]);
  expect(picky.loads).toBe(1);

  // The history holds what it would hold anyway, and says why a job waited.
  expect(picky.events.filter(({ activityTaskStartedEventAttributes: started }) => started)).toHaveLength(8);
  const turnedDown = picky.events.flatMap(({ activityTaskStartedEventAttributes: started }) => started?.lastFailure ?? []);
  expect(turnedDown).toHaveLength(4);
  for (const { message } of turnedDown) expect(message).toContain('this worker has llama of 1,234,567 parameters (aaaaaaaa, its own theta) loaded');
});

it('two workers load each base once at most, each', { timeout: 60_000 }, async () => {
  const [first, second] = pools as [JobPool, JobPool];
  const { loads } = await workOff(alternating(6), [first, second].map((pool) => ({ pool, limits: PICKY })));
  // One that has done its own may go on with what is left of the other's.
  expect(loads).toBeLessThanOrEqual(4);
});

it('an urgent job that is turned down comes before all others, whatever is loaded', { timeout: 60_000 }, async () => {
  const [first] = pools as [JobPool];
  await workOff([{ recipe: job(A) }], [{ pool: first, limits: HASTY }]);
  const { order } = await workOff([...[A, A, A].map((base) => ({ recipe: job(base) })), { recipe: job(B), priority: 1 }], [{ pool: first, limits: PICKY }]);
  expect(order).toEqual([B, A, A, A]);
});
