/**
 * `npm run test:chaos`: a tiny sweep with real servers, workers and trainers, first undisturbed, then under faults that a seed
 * draws. It must come to its end without a person, with the same results, byte for byte.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '#activities/random/seeded.ts';
import { SweepResult } from '#workflows/contracts/progress.ts';
import type { SweepSpecInput } from '#workflows/contracts/spec.ts';
import { LIGHT_QUEUE } from '#workflows/queues.ts';
import type { FaultClass } from './classes.ts';
import { isSound } from './corruption.ts';
import { FAULTS, Lasting, type Scene } from './faults.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { type Options, optionsFrom, USAGE } from './options.ts';
import { nextClass, nextGap } from './schedule.ts';
import { StormyEndpoint, writeSweep } from './sweep.ts';
import { look, type Seen } from './watch.ts';

const WORKFLOW = 'chaos';
const LOOK_EVERY_MS = 1_000;
/** An undisturbed sweep that takes longer says that something is wrong before any fault. */
const UNDISTURBED_MINUTES = 20;

class Failed extends Error {}

/** How a sweep ended. */
interface Ended {
  seconds: number;
  result: SweepResult;
  resultsJson: string;
}

if (process.argv.includes('--help')) {
  console.log(USAGE);
  process.exit(0);
}
const options = optionsFrom(process.argv.slice(2));
const folder = options.keep ?? mkdtempSync(join(tmpdir(), 'needlework-chaos-'));
mkdirSync(folder, { recursive: true });
const llm = await StormyEndpoint.start();
const spec = writeSweep(folder);
let status = 1;
/** Stops what is up now. */
let stopFleet = async (): Promise<void> => {};
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void stopFleet().finally(() => process.exit(130));
  });
}
try {
  const undisturbed = await inPeace(join(folder, 'undisturbed'));
  console.log(`undisturbed: ${undisturbed.result.stagesRun} stages in ${undisturbed.seconds.toFixed(0)} s, results.json of ${undisturbed.resultsJson.length} bytes`);
  await underFaults(join(folder, 'disturbed'), undisturbed, options);
  status = 0;
} catch (error) {
  console.error(error instanceof Failed ? `✘ ${error.message}` : error);
  console.error(`logs and states: ${folder}`);
} finally {
  await stopFleet();
  await llm.endpoint.stop();
  if (status === 0 && options.keep === null) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
process.exit(status);

async function inPeace(home: string): Promise<Ended> {
  const fleet = await startFleet(home, llm.endpoint.env, say);
  stopFleet = fleet.stop;
  const started = await begin(fleet, spec);
  for (;;) {
    await sleep(LOOK_EVERY_MS);
    const seen = await look(fleet.client, WORKFLOW);
    notStuck(seen, started, UNDISTURBED_MINUTES);
    if (seen.workflow !== null && seen.workflow !== 'RUNNING') break;
  }
  const ended = await endOf(fleet, started);
  await fleet.stop();
  return ended;
}

async function underFaults(home: string, undisturbed: Ended, { faults, seed, classes, minutes }: Options): Promise<void> {
  console.log(`faults: ${faults} of ${classes.join(', ')}; seed ${seed}`);
  const fleet = await startFleet(home, llm.endpoint.env, say);
  stopFleet = fleet.stop;
  const random = seededRandom('chaos', seed);
  const counts: Partial<Record<FaultClass, number>> = {};
  const scene: Scene = { fleet, llm, seen: { workflow: null, progress: null, plan: null }, lasting: new Lasting(), damaged: [] };
  const started = await begin(fleet, spec);
  let done = 0;
  let next = Date.now() + nextGap(random, { faults: 1, stages: 0 });
  for (;;) {
    await sleep(LOOK_EVERY_MS);
    scene.seen = await look(fleet.client, WORKFLOW);
    const { workflow, progress } = scene.seen;
    notStuck(scene.seen, started, minutes);
    if (workflow !== null && workflow !== 'RUNNING') break;
    if (done >= faults || Date.now() < next) continue;
    const name = nextClass(random, counts, classes.filter((candidate) => FAULTS[candidate].applies(scene)));
    const what = name === null ? null : FAULTS[name].strike(scene, random);
    if (name === null || what === null) continue;
    done += 1;
    counts[name] = (counts[name] ?? 0) + 1;
    say(`${String(done).padStart(2)}/${faults} ${clock(started)} ${name}: ${what}`);
    next = Date.now() + nextGap(random, { faults: done / faults, stages: progress === null ? 0 : progress.stages.done / progress.stages.total });
  }
  scene.lasting.endAll();
  const ended = await endOf(fleet, started);
  const byThemselves = fleet.machines.map(({ worker }) => `${worker.name} ${worker.endedByItself}`).join(', ');
  const sound = scene.damaged.filter((one) => isSound(fleet.s3Folder, one));
  await fleet.stop();
  console.log(
    [
      '',
      ...Object.entries(counts).map(([name, count]) => `  ${name.padEnd(15)} ${count}`),
      `${done} faults in ${ended.seconds.toFixed(0)} s (undisturbed: ${undisturbed.seconds.toFixed(0)} s); ${llm.met} requests met a storm of the LLM; ${sound.length} of ${scene.damaged.length} damaged artifacts made again; workers that ended by themselves: ${byThemselves}`,
    ].join('\n'),
  );
  const unsound = scene.damaged.filter((one) => !sound.includes(one));
  if (unsound.length > 0) throw new Failed(`damaged artifacts that nobody found: ${unsound.map(({ artifact }) => artifact).join(', ')}`);
  if (done < faults) throw new Failed(`the sweep had ended after ${done} of ${faults} faults`);
  const { status: how, failures } = ended.result;
  if (how !== 'complete') throw new Failed(`the sweep ended as ${how}: ${failures.map(({ message }) => message).join('; ')}`);
  if (ended.resultsJson !== undisturbed.resultsJson) throw new Failed('results.json is not that of the undisturbed sweep');
  console.log('✔ complete without a person, and results.json is byte for byte that of the undisturbed sweep');
}

async function begin({ client }: Fleet, given: SweepSpecInput): Promise<number> {
  await client.workflow.start('sweep', { workflowId: WORKFLOW, taskQueue: LIGHT_QUEUE, args: [given] });
  return Date.now();
}

/** @throws Failed where a person would be needed, or nothing ends */
function notStuck({ progress }: Seen, started: number, minutes: number): void {
  const blocked = progress?.cells.flatMap(({ id, status: how, failures }) => (how === 'blocked' ? failures.map(({ message }) => `${id}: ${message}`) : [])) ?? [];
  const shared = progress?.shared.flatMap(({ name, failure }) => (failure === null ? [] : [`${name}: ${failure.message}`])) ?? [];
  if (blocked.length > 0) throw new Failed(`the sweep waits for a person: ${[...new Set([...shared, ...blocked])].join('; ')}`);
  if (Date.now() - started > minutes * 60_000) throw new Failed(`the sweep had not ended after ${minutes} minutes: ${JSON.stringify(progress?.counts)}`);
}

async function endOf({ client }: Fleet, started: number): Promise<Ended> {
  const seconds = (Date.now() - started) / 1000;
  const result = SweepResult.parse(await client.workflow.getHandle(WORKFLOW).result());
  return { seconds, result, resultsJson: readFileSync(result.report.resultsFile, 'utf8') };
}

function say(text: string): void {
  console.log(`[${new Date().toISOString().slice(11, 19)}] ${text}`);
}

function clock(started: number): string {
  const seconds = Math.round((Date.now() - started) / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
