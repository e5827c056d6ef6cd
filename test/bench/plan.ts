/**
 * How long a sweep takes to find out that nothing is left to do: `npm run bench -- plan [KEYS]`. Plans the paper's grid and one of
 * 2,000 cells, looks up KEYS artifacts (3,000) of which none, then all, are there, and runs the paper's grid twice on a real
 * Temporal server with stages that do no work: the second time everything is there. Artifacts are real, on a real S3 server.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import PQueue from 'p-queue';
import { LookUp } from '#activities/stage/look-up.ts';
import { parseSweepSpec } from '#workflows/contracts/parse.ts';
import { SweepResult } from '#workflows/contracts/progress.ts';
import type { SweepSpecInput } from '#workflows/contracts/spec.ts';
import { settled } from '#workflows/plan/decisions.ts';
import { artifactKey } from '#workflows/plan/keys.ts';
import { planSweep, recipesOf } from '#workflows/plan/plan.ts';
import { planRun, soughtFor } from '#workflows/plan/filters.ts';
import { LIGHT_QUEUE } from '#workflows/queues.ts';
import { completeReport } from '#workflows/plan/report.ts';
import { ANY_FINGERPRINTS, exampleSpec } from '../support/spec.ts';
import { s3ForTests, storedActivities } from '../support/stored-activities.ts';
import { temporalForTests } from '../support/temporal.ts';

const keys = Number(process.argv[2] ?? 3000);
const REPEATS = 5;
const COMMITS_AT_ONCE = 64;

const folder = await mkdtemp(join(tmpdir(), 'needlework-bench-'));
const s3 = await s3ForTests(folder);
try {
  planning('the paper’s grid', exampleSpec('paper.json'));
  planning('30 seeds of it', { ...exampleSpec('paper.json'), seeds: Array.from({ length: 30 }, (_, seed) => seed) });
  await lookingUp();
  await running();
} finally {
  await s3.stop();
  await rm(folder, { recursive: true, force: true });
}
process.exit();

function planning(name: string, given: SweepSpecInput): void {
  const parsing = median(() => parseSweepSpec(given));
  const spec = parseSweepSpec(given);
  const planned = median(() => planSweep(spec, ANY_FINGERPRINTS));
  const plan = planSweep(spec, ANY_FINGERPRINTS);
  const units = [...plan.baselines, ...plan.cells];
  const hashed = median(() => new Map(planSweep(spec, ANY_FINGERPRINTS).cells.flatMap(recipesOf).map((recipe) => [artifactKey(recipe), recipe])));
  const sought = soughtFor(plan, planRun(plan, spec));
  const found = Object.fromEntries(sought.map((ref) => [ref.key, { ref: { stage: ref.stage, key: ref.key }, reused: true, summary: {} }]));
  const settling = median(() => settled(plan, found));
  const largest = Math.max(...plan.cells.map((cell) => JSON.stringify(cell).length));
  console.log(
    `${name}: ${plan.cells.length} cells, ${plan.baselines.length} baselines, ${sought.length} artifacts. Parsed in ${ms(parsing)}, planned in ${ms(planned)}, every key known in ${ms(hashed)} (${(hashed / units.length).toFixed(2)} ms a cell), settled in ${ms(settling)}. ` +
      `A cell is at most ${largest} bytes; the report's recipe ${JSON.stringify(completeReport(spec, plan)).length}.`,
  );
}

async function lookingUp(): Promise<void> {
  const refs = Array.from({ length: keys }, (_, at) => ({ stage: 'evaluate' as const, key: at.toString(16).padStart(64, '0') }));
  const lookUpAll = async () => {
    const lookUp = new LookUp(s3.store);
    await lookUp.load(refs);
    return new Set(await Promise.all(refs.map(async (ref) => (await lookUp.of(ref)).state)));
  };
  const none = await seconds(lookUpAll);
  const files = join(folder, 'files');
  await mkdir(files);
  await writeFile(join(files, 'metrics.json'), '{}');
  const committing = new PQueue({ concurrency: COMMITS_AT_ONCE });
  await committing.addAll(refs.map(({ stage, key }) => () => s3.store.commit({ kind: stage, key, recipe: { stage }, summary: { f1: 0.5 }, measurements: {}, versions: {} }, files)));
  const all = await seconds(lookUpAll);
  const again = await seconds(lookUpAll);
  console.log(`${keys} look-ups: ${none.seconds.toFixed(2)} s where none is there (${[...none.value]}), ${all.seconds.toFixed(2)} s where all are (${[...all.value]}), ${again.seconds.toFixed(2)} s where this machine has looked before (${[...again.value]}).`);
}

async function running(): Promise<void> {
  const temporal = await temporalForTests();
  const { activities, ran } = storedActivities(s3.context, undefined, { reads: false });
  const stop = await temporal.serve(activities);
  const spec = { ...exampleSpec('paper.json'), write: { provider: 'offline' } } as SweepSpecInput;
  try {
    for (let at = 0; at < 1 + REPEATS; at += 1) {
      const before = ran.length;
      const { value, seconds: took } = await seconds(async () => SweepResult.parse(await temporal.client.workflow.execute('sweep', { workflowId: `bench-${at}`, taskQueue: LIGHT_QUEUE, args: [spec] })));
      const { historyLength } = await temporal.client.workflow.getHandle(`bench-${at}`).describe();
      console.log(`${at === 0 ? 'first run' : 'again'}: ${took.toFixed(2)} s from start to result, ${ran.length - before} stages did work, ${value.stagesReused} were there, ${historyLength} events in the sweep's history`);
    }
  } finally {
    await stop();
    await temporal.stop();
  }
}

async function seconds<T>(work: () => Promise<T>): Promise<{ value: T; seconds: number }> {
  const started = performance.now();
  const value = await work();
  return { value, seconds: (performance.now() - started) / 1000 };
}

/** Milliseconds of the median of several runs. */
function median(work: () => unknown): number {
  const times = Array.from({ length: REPEATS }, () => {
    const started = performance.now();
    work();
    return performance.now() - started;
  }).sort((a, b) => a - b);
  return times[Math.floor(REPEATS / 2)] as number;
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}
