/**
 * Workers with the stored activities in a process of their own, as in a fleet; `light` are those for workflows, light stages and LLM texts:
 *
 *     worker-process.ts TEMPORAL_ADDRESS S3_ENDPOINT FOLDER light|trainer [HANGS…]
 *
 * Writes `ready`, then, with TELL=1 in its environment, `hangs …` and `did STAGE KEY` for each stage's work; the work of a stage whose recipe contains
 * all words of one of `HANGS` (such as `dataset,low/low`) never ends. Ends on SIGTERM.
 */
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { artifactKey } from '#workflows/plan/keys.ts';
import { LIGHT_QUEUE, LLM_QUEUE, TRAINER_QUEUE } from '#workflows/queues.ts';
import { workflowBundle } from '#workers/bundle.ts';
import { withoutCallStacks } from '#workers/call-stacks.ts';
import { WORKER_TIMING } from '#workers/timing.ts';
import { contextForTests, type StageContents, storedActivities } from './stored-activities.ts';

const [address, endpoint, folder, role, ...hangs] = process.argv.slice(2) as [string, string, string, 'light' | 'trainer', ...string[]];
Runtime.install({ logger: new DefaultLogger('ERROR') });
const connection = await NativeConnection.connect({ address });
const watched: StageContents = (recipe) => {
  const text = JSON.stringify(recipe);
  if (hangs.some((hang) => hang.split(',').every((word) => text.includes(`"${word}"`)))) {
    console.log(`hangs ${recipe.stage}`);
    return 'hang';
  }
  console.log(`did ${recipe.stage} ${artifactKey(recipe)}`);
  return recipe.stage;
};
const { activities } = storedActivities(await contextForTests(folder, endpoint), process.env.TELL === '1' ? watched : undefined);
const options = { connection, activities, ...WORKER_TIMING };
const workers =
  role === 'light'
    ? [await withoutCallStacks(async () => Worker.create({ ...options, taskQueue: LIGHT_QUEUE, workflowBundle: await workflowBundle(process.env.NEEDLEWORK_CACHE || folder) })), await Worker.create({ ...options, taskQueue: LLM_QUEUE })]
    : [await Worker.create({ ...options, taskQueue: TRAINER_QUEUE })];
process.once('SIGTERM', () => workers.forEach((worker) => worker.shutdown()));
const running = Promise.all(workers.map((worker) => worker.run()));
console.log('ready');
await running;
await connection.close();
process.exit();
