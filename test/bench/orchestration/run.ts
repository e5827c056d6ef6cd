/**
 * What orchestration costs: `npm run bench -- orchestration [RUNS [OTHER…]]`. The paper's grid of 36 cells with stages that do no work, on our
 * workflows and on Prefect, Dagster and Snakemake, each with its embedded default, one after the other, RUNS times (3) with all
 * made anew and as often with all there; ours once more with all made anew, by workers that have run a sweep before. All are timed from
 * the command that a person types to its end: ours with servers and workers up, as they are on a fleet, Prefect with the start of the server that it brings
 * along. What a run of Dagster and Prefect takes without that, and without imports, is printed besides. Every stage reads what it rests on and
 * writes a small file: ours to S3, theirs to the disk, as they do by default, and then, as ours, to S3. `OTHER`: those of them alone, by the names that the
 * table has for them (`Dagster`, `"Dagster, artifacts in S3"`).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBucket } from './bucket.ts';
import { gridDag } from './dag.ts';
import { programs, versions } from './environment.ts';
import { dagster, type Other, type OtherOptions, prefect, snakemake } from './others.ts';
import { type OurRun, startOurs } from './ours.ts';

const runs = Number(process.argv[2] ?? 3);
if (!Number.isInteger(runs) || runs < 1) throw new Error(`RUNS: found "${process.argv[2]}", allowed: a whole number from 1`);

interface Times {
  name: string;
  first: number[];
  again: number[];
  /** What of each of them was imports and the start of a server. */
  starts: number[];
}

interface Program extends Times {
  start: (options: OtherOptions) => Other | Promise<Other>;
}

const IN_S3 = ', artifacts in S3';
const OTHERS = { Prefect: prefect, Dagster: dagster, Snakemake: snakemake };
const known = ['', IN_S3].flatMap((how) => Object.keys(OTHERS).map((name) => `${name}${how}`));
const chosen = process.argv.length > 3 ? process.argv.slice(3) : known;
for (const name of chosen) if (!known.includes(name)) throw new Error(`OTHER: found "${name}", allowed: ${known.map((one) => `"${one}"`).join(', ')}`);

const programsOf = (how: string): Program[] =>
  Object.entries(OTHERS)
    .map(([name, start]) => ({ start, name: `${name}${how}`, first: [], again: [], starts: [] }))
    .filter(({ name }) => chosen.includes(name));

const { cells, nodes } = gridDag();
const folder = mkdtempSync(join(tmpdir(), 'needlework-bench-'));
const pinned = versions();
try {
  const bin = programs();
  console.log(`${cells} cells, ${nodes.length} stages, ${availableParallelism()} cores; ${runs} runs of each kind, the median counts (in brackets: fastest to slowest)`);
  const ours: Times = { name: 'ours', first: [], again: [], starts: [] };
  const [others, withS3] = [programsOf(''), programsOf(IN_S3)];
  const warm: number[] = [];
  let last: { first: OurRun; again: OurRun } | null = null;
  // Side by side: each round has a run of each, so that what else the machine does meets all of them.
  for (let round = 1; round <= runs; round += 1) {
    last = await ourRound(join(folder, `${round}`), ours, warm);
    const options: OtherOptions = { programs: bin, folder: join(folder, `${round}`), nodes, bucket: null };
    for (const program of others) await theirRound(await program.start(options), program);
    const bucket = await startBucket(join(folder, `${round}`, 'bucket'));
    try {
      for (const program of withS3) await theirRound(await program.start({ ...options, bucket }), program);
    } finally {
      await bucket.stop();
    }
    console.log(`round ${round}: ${[ours, ...others, ...withS3].map(({ name, first, again }) => `${name} ${first.at(-1)!.toFixed(2)} s, again ${again.at(-1)!.toFixed(2)} s`).join('; ')}`);
  }
  table([ours, ...others, ...withS3]);
  for (const program of [...others, ...withS3]) {
    const start = median(program.starts);
    if (start > 0) console.log(`${program.name}, without imports and the start of a server (${start.toFixed(2)} s): first run ${(median(program.first) - start).toFixed(2)} s, all there ${(median(program.again) - start).toFixed(2)} s`);
  }
  const { first, again } = last!;
  console.log(`ours, a sweep of another seed by the same workers: ${spread(warm)}`);
  console.log(`ours, CPU of the last first run: ${Object.entries(first.cpu).map(([name, seconds]) => `${name} ${seconds?.toFixed(1) ?? '?'} s`).join(', ')}`);
  console.log(`ours: ${first.ran} stages did work, then ${again.reused} were there. Events in histories: ${first.events.sweep} of the sweep and ${(first.events.cells / cells).toFixed(1)} of a cell, ${((first.events.sweep + first.events.cells) / cells).toFixed(1)} a cell in all; again ${again.events.sweep} of the sweep`);
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
process.exit();

async function ourRound(at: string, times: Times, warm: number[]): Promise<{ first: OurRun; again: OurRun }> {
  const ours = await startOurs(at);
  try {
    const first = await ours.run();
    const again = await ours.run();
    times.first.push(first.seconds);
    times.again.push(again.seconds);
    warm.push((await ours.run(2)).seconds);
    return { first, again };
  } finally {
    await ours.stop();
  }
}

async function theirRound(other: Other, times: Times): Promise<void> {
  try {
    times.starts.push(other.startSeconds);
    times.first.push(other.startSeconds + (await other.run()));
    times.again.push(other.startSeconds + (await other.run()));
  } finally {
    await other.stop();
  }
}

function table(all: readonly Times[]): void {
  const [ours] = all as [Times];
  const rows = all.map(({ name, first, again }) => {
    const [one, two] = [median(first), median(again)];
    const [program, ...how] = name.split(',') as [string, ...string[]];
    const version = pinned[program.toLowerCase()];
    return [version ? [`${program} ${version}`, ...how].join(',') : name, spread(first), `${((1000 * one) / nodes.length).toFixed(1)} ms`, `${(one / median(ours.first)).toFixed(2)}×`, spread(again), `${(two / median(ours.again)).toFixed(2)}×`];
  });
  const lines = [['', 'first run', 'a stage', 'to ours', 'all there', 'to ours'], ...rows];
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  for (const line of lines) console.log(line.map((text, column) => (column === 0 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!))).join('  '));
}

function spread(seconds: readonly number[]): string {
  return `${median(seconds).toFixed(2)} s [${Math.min(...seconds).toFixed(2)}–${Math.max(...seconds).toFixed(2)}]`;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
