/**
 * Whether a sweep of many cells runs through, and what it costs: `npm run bench -- scale [CELLS]` (2,000). Stages do no work, so
 * all that is seen is orchestration on a real Temporal server: time, events per cell, bytes of history, and how long the
 * sweep takes to end when it is cancelled while its trainings run.
 */
import type { Recipe } from '#workflows/contracts/artifacts.ts';
import { parseSweepSpec } from '#workflows/contracts/parse.ts';
import { SweepProgress, SweepResult } from '#workflows/contracts/progress.ts';
import { planSweep } from '#workflows/plan/plan.ts';
import { LIMITS } from '#workflows/policies.ts';
import { LIGHT_QUEUE } from '#workflows/queues.ts';
import { instantActivities } from '../support/instant-activities.ts';
import { ANY_FINGERPRINTS, exampleSpec } from '../support/spec.ts';
import { temporalForTests } from '../support/temporal.ts';

const wanted = Number(process.argv[2] ?? 2000);
const paper = exampleSpec('paper.json');
const cellsOf = (seeds: number[]) => planSweep(parseSweepSpec({ ...paper, seeds }), ANY_FINGERPRINTS).cells.length;
const perSeed = cellsOf([0, 1]) / 2;
const seeds = Array.from({ length: Math.ceil(wanted / perSeed) }, (_, seed) => seed);
const cells = cellsOf(seeds);
const spec = { ...paper, write: { provider: 'offline' }, seeds };

const temporal = await temporalForTests();
let hanging = false;
/** Trainings that hang. */
const hung = new Set<Recipe>();
const { activities, ran } = instantActivities((recipe) => {
  if (!hanging || recipe.stage !== 'train') return 'succeed';
  hung.add(recipe);
  return 'hang';
});
const stop = await temporal.serve(activities, { trainerJobs: 2000 });
// Workers stop at signals, and nothing goes on without them.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void temporal.stop().finally(() => process.exit(130)));
try {
  const started = performance.now();
  const handle = await temporal.client.workflow.start('sweep', { workflowId: 'scale', taskQueue: LIGHT_QUEUE, args: [spec] });
  const showing = setInterval(async () => {
    const progress = await handle.query('progress').then(SweepProgress.parse).catch((error: unknown) => error as Error);
    console.error(progress instanceof Error ? `progress: ${progress.message}` : `  ${progress.status}: ${progress.stages.done} of ${progress.stages.total} stages, ${JSON.stringify(progress.counts)}`);
  }, 20_000);
  const result = SweepResult.parse(await handle.result().finally(() => clearInterval(showing)));
  const took = (performance.now() - started) / 1000;
  const { historyLength, historySize } = await handle.describe();
  const answers = await Promise.all(['progress', 'plan', 'failures'].map(async (name) => `${name} ${megabytes(Buffer.byteLength(JSON.stringify(await handle.query(name))))}`));
  console.log(`${cells} cells, ${ran.length} stages: ${result.status} after ${took.toFixed(1)} s (${((1000 * took) / ran.length).toFixed(1)} ms a stage)`);
  console.log(`the sweep's history: ${historyLength} events (${(historyLength / cells).toFixed(1)} a cell), ${megabytes(historySize ?? 0)}; a cell's: ${await eventsOfACell()} events`);
  console.log(`answers to queries: ${answers.join(', ')}; the result: ${megabytes(Buffer.byteLength(JSON.stringify(result)))}`);

  hanging = true;
  const cancelled = await temporal.client.workflow.start('sweep', { workflowId: 'scale-cancelled', taskQueue: LIGHT_QUEUE, args: [{ ...spec, seed: 7, seeds: seeds.map((seed) => seed + 1000) }] });
  while (hung.size < Math.min(cells, LIMITS.atOnce) / 2) await new Promise((resolve) => setTimeout(resolve, 500));
  const asked = performance.now();
  await cancelled.cancel();
  await cancelled.result().catch(() => {});
  const ended = (performance.now() - asked) / 1000;
  const open = await temporal.client.workflow.count("ExecutionStatus = 'Running'");
  console.log(`cancelled with ${hung.size} trainings under way: ended after ${ended.toFixed(1)} s, ${open.count} workflows left open`);
} finally {
  await stop();
  await temporal.stop();
}
process.exit();

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(2)} MB`;
}

async function eventsOfACell(): Promise<number> {
  for await (const { historyLength } of temporal.client.workflow.list({ query: "WorkflowType = 'cell' AND ExecutionStatus = 'Completed'", pageSize: 1 })) return historyLength;
  return 0;
}
