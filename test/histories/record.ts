/**
 * `npm run histories:record [RELEASE]`: runs sweeps whose stages do no work on a real Temporal server, and keeps their histories
 * and those of their cells in `test/histories/RELEASE` (the package's version), as the release's workflow code makes them. The replay test
 * then holds later code against them.
 */
import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { WorkflowHandle } from '@temporalio/client';
import type { SweepSpecInput } from '#workflows/contracts/spec.ts';
import { SweepProgress } from '#workflows/contracts/progress.ts';
import { heraldWorkflowId } from '#workflows/ids.ts';
import { LIGHT_QUEUE } from '#workflows/queues.ts';
import { executable } from '../infra/servers/support.ts';
import { instantActivities, type StageBehaviour } from '../support/instant-activities.ts';
import { smallSpec } from '../support/spec.ts';
import { temporalForTests } from '../support/temporal.ts';

const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
const release = process.argv[2] ?? version;
const folder = new URL(`${release}/`, import.meta.url);

/** Instead of process and machine. */
const RECORDER = 'recorder';
const temporal = await temporalForTests();

interface Scenario {
  name: string;
  spec: SweepSpecInput;
  /** How stages go until `healed`. */
  ailing?: StageBehaviour;
  act?: (handle: WorkflowHandle, heal: () => void) => Promise<void>;
}

const spec = smallSpec({ patch: {}, baselines: ['untuned'] });
const isTraining: StageBehaviour = ({ stage }) => (stage === 'train' ? 'fail' : 'succeed');
const hangs: StageBehaviour = ({ stage }) => (stage === 'train' ? 'hang' : 'succeed');

const SCENARIOS: Scenario[] = [
  { name: 'complete', spec },
  { name: 'again', spec },
  { name: 'partial', spec: { ...spec, seed: 2, run: { onFailure: 'finish' }, conditions: ['real', 'symbolic'] }, ailing: ({ stage }) => (stage === 'mask' ? 'fail' : 'succeed') },
  {
    name: 'blocked-and-retried',
    spec: { ...spec, seed: 3 },
    ailing: isTraining,
    act: async (handle, heal) => {
      await until(handle, ({ status }) => status === 'blocked');
      heal();
      await update(handle, 'retry', { change: { run: { timeoutHours: 5 } } });
    },
  },
  {
    name: 'blocked-and-skipped',
    spec: { ...spec, seed: 4 },
    ailing: ({ stage }) => (stage === 'score' ? 'fail' : 'succeed'),
    act: async (handle) => {
      await until(handle, ({ status }) => status === 'blocked');
      await update(handle, 'skip');
    },
  },
  {
    name: 'paused',
    spec: { ...spec, seed: 5, run: { concurrency: 1 } },
    ailing: hangs,
    act: async (handle, heal) => {
      await until(handle, ({ cells }) => cells.some(({ running }) => 'train' in running));
      await update(handle, 'pause');
      await update(handle, 'setConcurrency', { cells: 2 });
      await update(handle, 'setPriority', { priority: 2 });
      heal();
      await until(handle, ({ cells }) => cells.every(({ running }) => Object.keys(running).length === 0));
      await update(handle, 'resume');
    },
  },
  {
    name: 'finished-early',
    spec: { ...spec, seed: 6 },
    ailing: ({ stage, params }) => (stage === 'dataset' && params.condition === 'symbolic' ? 'fail' : 'succeed'),
    act: async (handle) => {
      await until(handle, ({ status }) => status === 'blocked');
      await update(handle, 'finish');
    },
  },
  {
    name: 'terminated',
    spec: { ...spec, seed: 8, run: { webhook: { url: 'https://example.org/hook' } } },
    ailing: hangs,
    act: async (handle) => {
      await until(handle, ({ cells }) => cells.some(({ running }) => 'train' in running));
      await handle.terminate('it is not needed');
      await temporal.client.workflow.getHandle(heraldWorkflowId(handle.workflowId)).result();
    },
  },
  {
    name: 'cancelled',
    spec: { ...spec, seed: 7 },
    ailing: hangs,
    act: async (handle) => {
      await until(handle, ({ cells }) => cells.some(({ running }) => 'train' in running));
      await handle.cancel();
    },
  },
];

try {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const made = instantActivities();
  for (const { name, spec, ailing, act } of SCENARIOS) {
    let healed = false;
    // Where nothing ails, what an earlier one had made is there.
    const { activities } = ailing === undefined ? made : instantActivities((recipe, llm) => (healed ? 'succeed' : ailing(recipe, llm)));
    const stop = await temporal.serve(activities, { identity: RECORDER });
    try {
      const handle = await temporal.client.workflow.start('sweep', { workflowId: name, taskQueue: LIGHT_QUEUE, args: [spec] });
      await act?.(handle, () => (healed = true));
      await handle.result().catch(() => {});
      await save(name, handle);
      for (const cell of ['real', 'symbolic']) await save(`${name}-${cell}`, temporal.client.workflow.getHandle(`${name}/mdqa/tiny/${cell}`));
      await save(`${name}-herald`, temporal.client.workflow.getHandle(heraldWorkflowId(name)));
    } finally {
      await stop();
    }
  }
} finally {
  await temporal.stop();
}
process.exit();

function update(handle: WorkflowHandle, name: string, ...args: unknown[]): Promise<unknown> {
  return handle.executeUpdate(name, { args: args as [] });
}

async function until(handle: WorkflowHandle, is: (progress: SweepProgress) => boolean): Promise<void> {
  while (!is(SweepProgress.parse(await handle.query('progress')))) await new Promise((resolve) => setTimeout(resolve, 100));
}

/** Keeps the history of a workflow as the Temporal CLI shows it; of a cell that never began there is none. */
async function save(name: string, { workflowId }: WorkflowHandle): Promise<void> {
  const shown = await promisify(execFile)(executable('NEEDLEWORK_TEMPORAL_CLI'), ['workflow', 'show', '--workflow-id', workflowId, '--address', temporal.server.address, '--output', 'json'], { maxBuffer: 2 ** 26 }).catch(() => null);
  if (shown === null) return;
  // Who ran it, and where on which machine, is nobody's business.
  const history = JSON.parse(shown.stdout, (field, value: unknown) => (field === 'identity' ? RECORDER : field === 'stackTrace' ? '' : value)) as { events: unknown[] };
  await writeFile(new URL(`${name}.json`, folder), `${JSON.stringify(history, null, 1)}\n`);
  console.log(`${fileURLToPath(folder)}${name}.json: ${history.events.length} events`);
}
