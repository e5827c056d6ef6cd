/** What goes wrong on a real stack, and how it ends: a crashed trainer, a corrupt artifact, a missing model, a cancellation. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SweepProgress } from '#workflows/contracts/progress.ts';
import type { SweepSpecInput } from '#workflows/contracts/spec.ts';
import { LIMITS } from '#workflows/policies.ts';
import { temporaryFolder } from '../support/folders.ts';
import { smallSpec } from '../support/spec.ts';
import { needleworkUp, type RunningStack, trainingSteps } from '../support/stack.ts';

const home = temporaryFolder();
let stack: RunningStack;
beforeAll(async () => {
  stack = await needleworkUp(home, { NEEDLEWORK_NEWS_SECONDS: '1' });
});
afterAll(() => stack?.stop());

function specFile(name: string, changes: Partial<SweepSpecInput> = {}): string {
  const file = join(home, `${name}.json`);
  writeFileSync(file, JSON.stringify(smallSpec({ conditions: ['real'], baselines: [], ...changes })));
  return file;
}

async function progress(workflowId: string): Promise<SweepProgress> {
  const answer = await stack.temporal('workflow', 'query', '--workflow-id', workflowId, '--type', 'progress', '--output', 'json');
  return SweepProgress.parse((JSON.parse(answer) as { queryResult: unknown[] }).queryResult[0]);
}

/** Process ids of the stack's trainers. */
function trainers(): number[] {
  const children = readFileSync(`/proc/${stack.process.pid}/task/${stack.process.pid}/children`, 'utf8').trim().split(/\s+/);
  const all = [...new Set([...children, ...readdirSync(`/proc/${stack.process.pid}/task`).flatMap((task) => readFileSync(`/proc/${stack.process.pid}/task/${task}/children`, 'utf8').trim().split(/\s+/))])];
  return all.filter((pid) => pid !== '' && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('needlework_trainer')).map(Number);
}

/** Files of all checkpoints that a stack keeps. */
function checkpoints(of: string): string[] {
  const folder = join(of, 's3', 'needlework', 'checkpoints');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []));
}

/** The step of the newest checkpoint that the stack keeps; 0 where it keeps none. */
const checkpointedStep = () => Math.max(0, ...checkpoints(home).flatMap((file) => (file.endsWith('manifest.json') ? [Number(/(\d+)$/.exec(dirname(file))?.[1])] : [])));

/** Manifest of the one adapter that a stack has made. */
function trainManifest(of: string): { files: { name: string; sha256: string }[]; measurements: Record<string, number> } {
  const folder = join(of, 's3', 'needlework', 'artifacts', 'train');
  const [key] = readdirSync(folder);
  return JSON.parse(readFileSync(join(folder, key!, 'manifest.json'), 'utf8'));
}

describe('a stack under faults', () => {
  // Finds the trainers' processes in /proc.
  it.skipIf(process.platform !== 'linux')('goes on with a training whose trainer is killed, and whose sweep then continues as new, from its last checkpoint, to the bytes and results of an undisturbed one', async () => {
    // A checkpoint every few steps.
    const file = specFile('killed', { train: { epochs: 20, checkpointMinutes: 0.001 } });
    await stack.temporal('workflow', 'start', '--type', 'sweep', '--task-queue', 'needlework', '--workflow-id', 'killed', '--input-file', file);
    const cell = 'killed/mdqa/tiny/real';
    // All but the last bit, so that it continues soon once it gets that.
    const last = 1_000_000;
    await stack.swell('killed', LIMITS.history.bytes - last);
    await expect.poll(checkpointedStep, { timeout: 90_000, interval: 100 }).toBeGreaterThan(0);
    for (const pid of trainers()) process.kill(pid, 'SIGKILL');
    const killedAt = checkpointedStep();
    await expect.poll(checkpointedStep, { timeout: 90_000, interval: 100 }).toBeGreaterThan(killedAt + 3);
    expect(await stack.temporal('workflow', 'describe', '--workflow-id', cell, '--output', 'json')).toContain('TrainerCrashed');
    const runOf = async (id: string) => (JSON.parse(await stack.temporal('workflow', 'describe', '--workflow-id', id, '--output', 'json')) as { workflowExecutionInfo: { execution: { runId: string } } }).workflowExecutionInfo.execution.runId;
    const [sweepBefore, cellBefore] = [await runOf('killed'), await runOf(cell)];
    const continuedAt = checkpointedStep();
    await stack.swell('killed', last);
    await expect.poll(() => runOf('killed'), { timeout: 90_000, interval: 100 }).not.toBe(sweepBefore);
    await expect.poll(() => runOf(cell), { timeout: 90_000, interval: 100 }).not.toBe(cellBefore);
    const output = await stack.temporal('workflow', 'result', '--workflow-id', 'killed', '--output', 'json');
    expect((JSON.parse(output) as { result: unknown }).result).toMatchObject({ status: 'complete' });
    const resumed = trainManifest(home);
    expect(resumed.measurements.resumedFromStep).toBeGreaterThanOrEqual(continuedAt);
    // Nothing is left of what the artifact has made useless.
    expect(checkpoints(home)).toEqual([]);
    const quiet = temporaryFolder();
    const calm = await needleworkUp(quiet);
    try {
      const { report } = await calm.sweep('undisturbed', file);
      expect(readFileSync(report.resultsFile, 'utf8')).toBe(readFileSync(join(home, 'reports', 'killed', 'results.json'), 'utf8'));
      const straight = trainManifest(quiet);
      expect(straight.measurements.resumedFromStep).toBe(0);
      // All but the record of how fast it went.
      const bytes = ({ files }: typeof straight) => files.filter(({ name }) => name !== 'pace.jsonl').map(({ name, sha256 }) => [name, sha256]);
      expect(bytes(resumed)).toEqual(bytes(straight));
      expect(bytes(resumed).map(([name]) => name)).toEqual(['adapter_config.json', 'adapter_model.safetensors', 'steps.jsonl']);
    } finally {
      await calm.stop();
    }
  }, 600_000);

  it('finds a corrupt artifact by its hash and makes it anew by itself, or once it is discarded', async () => {
    const before = await stack.sweep('sound', specFile('sound'));
    const { folder, key } = artifactWith('dataset', 'test.jsonl');
    const [hash] = readdirSync(folder).filter((name) => name !== 'manifest.json' && readdirSync(join(folder, name)).includes('test.jsonl'));
    writeFileSync(join(folder, hash!, 'test.jsonl'), 'garbage');
    rmSync(join(home, 'artifact-cache'), { recursive: true, force: true });
    // Another limit on answers makes the evaluation read the damaged file.
    const changed = specFile('changed', { evaluate: { maxNewTokens: 7 } });
    expect(await stack.sweep('corrupt', changed)).toMatchObject({ status: 'complete', failures: [] });
    expect(await stack.temporal('workflow', 'show', '--workflow-id', 'corrupt/mdqa/tiny/real', '--output', 'json')).toMatch(new RegExp(`artifact dataset/${key} is corrupt: file test.jsonl .*It was discarded`));
    expect(sha256Of(join(folder, hash!, 'test.jsonl'))).toMatch(new RegExp(`^${hash}`));
    await stack.temporal('workflow', 'execute', '--type', 'discard', '--task-queue', 'needlework', '--workflow-id', 'discard', '--input', JSON.stringify({ stage: 'dataset', key }));
    expect(existsSync(folder)).toBe(false);
    // What is made anew is the same, byte for byte: the first sweep's results still hold.
    expect((await stack.sweep('sound-again', specFile('sound'))).report.key).toBe(before.report.key);
  }, 240_000);

  it('fails at once, and for good, where the model is missing', async () => {
    const models = [{ model: 'tiny', base: { kind: 'folder' as const, path: 'examples/models/nowhere' }, ropeTheta: 80_000 }];
    await expect(stack.sweep('nowhere', specFile('nowhere', { models }))).rejects.toThrow(/models\[0\]\.base\.path: found no folder at .*nowhere/);
  });

  it('stops the trainers of a cancelled sweep within seconds', async () => {
    const file = specFile('cancelled', { train: { epochs: 1000 } });
    await stack.temporal('workflow', 'start', '--type', 'sweep', '--task-queue', 'needlework', '--workflow-id', 'cancelled', '--input-file', file);
    await expect.poll(() => trainingSteps(stack, 'cancelled/mdqa/tiny/real'), { timeout: 90_000, interval: 300 }).toBeGreaterThan(2);
    const before = process.platform === 'linux' ? trainers() : [];
    await expect.poll(async () => (await progress('cancelled')).cells[0], { timeout: 30_000, interval: 300 }).toMatchObject({ stage: 'train', status: 'running' });
    // Its loss and the last lines of its log, as the workflow was told.
    await expect
      .poll(async () => (await progress('cancelled')).cells[0]!.running.train, { timeout: 60_000, interval: 500 })
      .toMatchObject({ phase: 'train', unit: 'steps', metrics: { loss: expect.any(Number) }, log: expect.arrayContaining([expect.stringMatching(/^\d\d:\d\d:\d\d step \d+: loss \d/)]) });
    await stack.temporal('workflow', 'cancel', '--workflow-id', 'cancelled');
    const status = async (id: string) => (JSON.parse(await stack.temporal('workflow', 'describe', '--workflow-id', id, '--output', 'json')) as { workflowExecutionInfo: { status: string } }).workflowExecutionInfo.status;
    await expect.poll(() => status('cancelled'), { timeout: 20_000, interval: 300 }).toBe('WORKFLOW_EXECUTION_STATUS_CANCELED');
    expect(await status('cancelled/mdqa/tiny/real')).toBe('WORKFLOW_EXECUTION_STATUS_CANCELED');
    // One of them was training, and is gone.
    if (process.platform === 'linux') expect(before.filter((pid) => !trainers().includes(pid))).toHaveLength(1);
    expect((await stack.sweep('after', specFile('after')).then(({ status: ended }) => ended))).toBe('complete');
  }, 120_000);
});

const sha256Of = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

/** Folder and key of an artifact of a kind that has a file of this name. */
function artifactWith(kind: string, file: string): { folder: string; key: string } {
  const kinds = join(home, 's3', 'needlework', 'artifacts', kind);
  for (const key of readdirSync(kinds)) {
    const folder = join(kinds, key);
    const { files } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as { files: { name: string }[] };
    if (files.some(({ name }) => name === file)) return { folder, key };
  }
  throw new Error(`no ${kind} artifact has a file ${file}`);
}
