/** Runs of the DAG on the programs that we are compared with. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Node } from './dag.ts';
import type { BenchBucket } from './bucket.ts';

/** Cores that they may use. */
const CORES = 2;
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export interface Other {
  name: string;
  /** Seconds from its command to the moment that it can run anything: imports and, of Prefect, the start of its server. 0 where a run is the whole program. */
  startSeconds: number;
  /** Seconds of one run after that; the second and further ones find everything there. */
  run: () => Promise<number>;
  stop: () => Promise<void>;
}

export interface OtherOptions {
  /** Folder of their programs. */
  programs: string;
  /** For all that they write. */
  folder: string;
  nodes: readonly Node[];
  /** For the artifacts of stages, as ours are; null: they are plain files of `folder`, which is their default. */
  bucket: BenchBucket | null;
}

/** Nothing of the person's own settings, nor of their accounts; nothing is sent anywhere. */
function environment(folder: string, bucket: BenchBucket | null): NodeJS.ProcessEnv {
  const { PATH, HOME, LANG, TMPDIR } = process.env;
  return {
    PATH, HOME, LANG, TMPDIR,
    PREFECT_HOME: join(folder, 'prefect-home'),
    PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS: '300',
    PREFECT_SERVER_ANALYTICS_ENABLED: 'false',
    PREFECT_LOGGING_LEVEL: 'ERROR',
    DAGSTER_HOME: join(folder, 'dagster-home'),
    DAGSTER_DISABLE_TELEMETRY: 'yes',
    DO_NOT_TRACK: '1',
    ...bucket?.environment,
  };
}

/** `results`: the folder of the artifacts or, where they are in S3, the folder that it is run in. */
function prepare({ folder, nodes, bucket }: OtherOptions, name: string): { home: string; dag: string; results: string; place: string } {
  const home = join(folder, bucket === null ? name : `${name}-s3`);
  const results = join(home, 'results');
  mkdirSync(results, { recursive: true });
  const dag = join(home, 'dag.json');
  writeFileSync(dag, JSON.stringify(nodes));
  return { home, dag, results, place: bucket === null ? results : bucket.place(name) };
}

/** The whole program from start to end, as it is used; with S3 by its own storage plugin. */
export function snakemake(options: OtherOptions): Other {
  const { home, dag, results, place } = prepare(options, 'snakemake');
  const storage = options.bucket === null ? [] : ['--default-storage-provider', 's3', '--default-storage-prefix', place, '--storage-s3-endpoint-url', options.bucket.endpoint];
  const args = [...storage, '--snakefile', here('Snakefile'), '--directory', results, '--cores', String(CORES), '--quiet', 'all', '--config', `dag=${dag}`, `last=${options.nodes.at(-1)!.id}`];
  return {
    name: 'Snakemake',
    startSeconds: 0,
    run: async () => {
      const log = openSync(join(home, 'log'), 'a');
      const started = performance.now();
      const { status } = spawnSync(join(options.programs, 'snakemake'), args, { env: environment(home, options.bucket), stdio: ['ignore', log, log] });
      const seconds = (performance.now() - started) / 1000;
      closeSync(log);
      if (status !== 0) throw new Error(`snakemake ended with status ${status}; see ${join(home, 'log')}`);
      await allThere('Snakemake', results, options);
      return seconds;
    },
    stop: async () => {},
  };
}

export const dagster = (options: OtherOptions) => scripted('Dagster', 'dagster_dag.py', options, (home) => {
  mkdirSync(join(home, 'dagster-home'));
  writeFileSync(join(home, 'dagster-home', 'dagster.yaml'), 'telemetry:\n  enabled: false\n');
});

export const prefect = (options: OtherOptions) => scripted('Prefect', 'prefect_dag.py', options);

/** A script that says that it is ready, and then, for each line that it gets, how long a run took. */
async function scripted(name: string, script: string, options: OtherOptions, before: (home: string) => void = () => {}): Promise<Other> {
  const { home, dag, results, place } = prepare(options, name.toLowerCase());
  before(home);
  const log = openSync(join(home, 'log'), 'a');
  const spawned = performance.now();
  const child: ChildProcess = spawn(join(options.programs, 'python'), [here(script), dag, place], { env: environment(home, options.bucket), stdio: ['pipe', 'pipe', log] });
  closeSync(log);
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const answer = async () => {
    // Others may print on it, too.
    for (let line = await lines.next(); !line.done; line = await lines.next()) {
      if (line.value.startsWith('{')) return JSON.parse(line.value) as { stages?: number; seconds?: number };
    }
    throw new Error(`${name} ended with status ${await ended}; see ${join(home, 'log')}`);
  };
  await answer();
  return {
    name,
    startSeconds: (performance.now() - spawned) / 1000,
    run: async () => {
      child.stdin!.write('run\n');
      const { stages, seconds } = await answer();
      if (stages !== options.nodes.length) throw new Error(`${name} ran ${stages} of ${options.nodes.length} stages`);
      await allThere(name, results, options);
      return seconds!;
    },
    stop: async () => {
      child.stdin!.end();
      await ended;
    },
  };
}

async function allThere(name: string, results: string, { nodes, bucket }: OtherOptions): Promise<void> {
  const found = new Set(bucket === null ? readdirSync(results) : await bucket.names(name.toLowerCase()));
  const missing = nodes.filter(({ id }) => !found.has(id));
  if (missing.length > 0) throw new Error(`${name} left out ${missing.length} stages: ${missing[0]!.id}, …`);
}
