/** Everything that the README says of steering, by the stock Temporal CLI alone; stages do no work. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { SweepFailures, SweepPlan, SweepProgress } from '#workflows/contracts/progress.ts';
import type { SweepSpecInput } from '#workflows/contracts/spec.ts';
import { artifactKey } from '#workflows/plan/keys.ts';
import { executable } from '../infra/servers/support.ts';
import { temporaryFolder } from '../support/folders.ts';
import type { StageBehaviour } from '../support/instant-activities.ts';
import { smallSpec } from '../support/spec.ts';
import { sweepsForTests } from '../support/sweeps.ts';

const run = promisify(execFile);
const { address, workers } = sweepsForTests('unused');

/** Runs the CLI; resolves with what it prints, also where it fails. */
async function temporal(...args: string[]): Promise<{ status: number; output: string }> {
  try {
    const { stdout } = await run(executable('NEEDLEWORK_TEMPORAL_CLI'), [...args, '--address', address()], { maxBuffer: 2 ** 26 });
    return { status: 0, output: stdout };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { status: code, output: `${stdout}${stderr}` };
  }
}

async function start(workflowId: string, changes: Partial<SweepSpecInput> = {}, ...more: string[]): Promise<void> {
  const file = join(temporaryFolder(), 'spec.json');
  writeFileSync(file, JSON.stringify(smallSpec({ baselines: [], ...changes })));
  const { status, output } = await temporal('workflow', 'start', '--type', 'sweep', '--task-queue', 'needlework', '--workflow-id', workflowId, '--input-file', file, '--static-summary', `the sweep ${workflowId}`, ...more);
  expect(output).toContain(workflowId);
  expect(status).toBe(0);
}

async function query(workflowId: string, type: string): Promise<unknown> {
  const { output } = await temporal('workflow', 'query', '--workflow-id', workflowId, '--type', type, '--output', 'json');
  return (JSON.parse(output) as { queryResult: unknown[] }).queryResult[0];
}
const progress = async (workflowId: string) => SweepProgress.parse(await query(workflowId, 'progress'));

const update = (workflowId: string, name: string, input?: unknown) =>
  temporal('workflow', 'update', 'execute', '--workflow-id', workflowId, '--name', name, ...(input === undefined ? [] : ['--input', JSON.stringify(input)]));

/** Ids of the workflows that a query over search attributes finds. */
async function list(filter: string): Promise<string[]> {
  const { output } = await temporal('workflow', 'list', '--query', filter, '--output', 'json');
  return (JSON.parse(output) as { execution: { workflowId: string } }[]).map(({ execution }) => execution.workflowId).sort();
}

async function describeWorkflow(workflowId: string) {
  const { output } = await temporal('workflow', 'describe', '--workflow-id', workflowId, '--output', 'json');
  return JSON.parse(output) as { workflowExecutionInfo: { status: string } };
}
const statusOf = async (workflowId: string) => (await describeWorkflow(workflowId)).workflowExecutionInfo.status.replace('WORKFLOW_EXECUTION_STATUS_', '');

const result = async (workflowId: string) => JSON.parse((await temporal('workflow', 'result', '--workflow-id', workflowId, '--output', 'json')).output) as { result: { status: string; stagesRun: number; stagesReused: number; cells: { status: string; f1: number | null }[] } };
const until = (check: () => Promise<unknown>) => expect.poll(check, { timeout: 40_000, interval: 300 });

/** Behaviour of the training stages by condition; all others succeed. */
function trainings(first: Record<string, 'hang' | 'fail'>) {
  const how: Record<string, 'hang' | 'fail' | 'succeed'> = { ...first };
  const conditions = new Map<string, string>();
  const behaviour: StageBehaviour = (recipe) => {
    if (recipe.stage === 'dataset') conditions.set(artifactKey(recipe), String(recipe.params.condition));
    return recipe.stage === 'train' ? (how[conditions.get(recipe.inputs.dataset!.key)!] ?? 'succeed') : 'succeed';
  };
  return { how, behaviour };
}

describe('a sweep under the Temporal CLI', () => {
  it('is started, described, listed, asked, and steered by updates and by signals in bulk', async () => {
    const { how, behaviour } = trainings({ real: 'hang', 'low/low': 'fail', symbolic: 'fail' });
    const { ran } = await workers(behaviour);
    await start('grid', { conditions: ['real', 'low/low', 'symbolic'] });
    await until(async () => (await progress('grid')).counts).toMatchObject({ running: 1, blocked: 2 });

    const description = JSON.stringify(await describeWorkflow('grid'));
    for (const text of ['the sweep grid', 'NeedleworkSweep', 'NeedleworkStatus']) expect(description).toContain(text);
    await until(() => list('NeedleworkSweep = "grid" AND NeedleworkStatus = "blocked"')).toEqual(['grid', 'grid/mdqa/tiny/low/low', 'grid/mdqa/tiny/symbolic']);
    expect(await list('NeedleworkSweep = "grid" AND NeedleworkTask = "mdqa" AND NeedleworkModel = "tiny" AND NeedleworkCondition = "real"')).toEqual(['grid/mdqa/tiny/real']);
    await until(() => list('NeedleworkStage = "train" AND NeedleworkStatus = "running"')).toEqual(['grid/mdqa/tiny/real']);
    expect((await progress('grid')).status).toBe('running');
    expect(SweepFailures.parse(await query('grid', 'failures')).map(({ cell, stage, status }) => [cell, stage, status])).toEqual([['mdqa/tiny/low/low', 'train', 'blocked'], ['mdqa/tiny/symbolic', 'train', 'blocked']]);
    expect(SweepPlan.parse(await query('grid', 'plan')).units.map(({ id }) => id)).toEqual(['mdqa/tiny/real', 'mdqa/tiny/low/low', 'mdqa/tiny/symbolic']);
    const details = (await temporal('workflow', 'metadata', '--workflow-id', 'grid', '--output', 'json')).output;
    expect(details).toContain('**blocked** at train');
    expect(details).toContain('--name retry');
    // What each update and signal is for, where the UI and the CLI offer them.
    expect(details).toContain('Tries blocked cells again');

    const refused = await update('grid', 'retry', { cells: ['mdqa/tiny/real'] });
    expect(refused.output).toContain('which is running; allowed for retry, a cell that is blocked: mdqa/tiny/low/low, mdqa/tiny/symbolic');
    expect(refused.status).not.toBe(0);
    for (const [name, input, answer] of [
      ['pause', undefined, 'paused'],
      ['setConcurrency', { cells: 2 }, 'at most 2 cells'],
      ['setPriority', { priority: 2 }, 'priority 2'],
      ['resume', undefined, 'resumed'],
    ] as const) {
      const { status, output } = await update('grid', name, input);
      expect(output).toContain(answer);
      expect(status).toBe(0);
    }

    how['low/low'] = 'succeed';
    expect((await temporal('workflow', 'signal', '--query', 'NeedleworkSweep = "grid" AND NeedleworkCondition = "low/low"', '--name', 'retry', '--reason', 'healed', '--yes')).status).toBe(0);
    await until(async () => (await progress('grid')).counts).toMatchObject({ running: 1, blocked: 1, done: 1 });
    expect((await temporal('workflow', 'signal', '--query', 'NeedleworkSweep = "grid" AND NeedleworkStatus = "blocked"', '--name', 'skip', '--reason', 'hopeless', '--yes')).status).toBe(0);
    await until(async () => (await progress('grid')).counts).toMatchObject({ running: 1, blocked: 0, done: 1, skipped: 1 });
    how.real = 'fail';
    await until(async () => (await progress('grid')).status).toBe('blocked');
    how.real = 'succeed';
    expect((await update('grid', 'retry', { cells: ['mdqa/tiny/real'], change: { train: { checkpointMinutes: 5 } } })).output).toContain('trying again');
    expect((await result('grid')).result.status).toBe('partial');
    expect(ran.filter(({ stage }) => stage === 'train')).toHaveLength(2);
    await until(() => list('NeedleworkSweep = "grid" AND NeedleworkStatus = "skipped"')).toEqual(['grid/mdqa/tiny/symbolic']);
    await until(() => list('NeedleworkStatus = "done"')).toEqual(['grid', 'grid/mdqa/tiny/low/low', 'grid/mdqa/tiny/real']);
  }, 300_000);

  it('tries again and skips by signals in bulk what has no workflow of its own, and nothing twice', async () => {
    const tries = { base: 0, evaluate: 0, train: 0 };
    const { how, behaviour } = trainings({ real: 'hang', 'low/low': 'fail' });
    const broken = new Set(['base', 'evaluate']);
    await workers((recipe, llm) => {
      const trained = behaviour(recipe, llm);
      if (recipe.stage === 'train' && trained === 'fail') tries.train += 1;
      if (recipe.stage === 'base' && recipe.params.id === 'org/gated') tries.base += 1;
      else if (recipe.stage === 'evaluate' && recipe.inputs.adapter === undefined) tries.evaluate += 1;
      else return trained;
      return broken.has(recipe.stage) ? 'fail' : 'succeed';
    });
    const [tiny] = smallSpec().models;
    await start('bulk', { conditions: ['real', 'low/low'], baselines: ['untuned'], models: [tiny!, { ...tiny!, model: 'gated', base: { kind: 'hub', id: 'org/gated', revision: 'a'.repeat(40) } }] });
    await until(async () => (await progress('bulk')).counts).toMatchObject({ running: 1, blocked: 5 });
    const blocked = 'NeedleworkSweep = "bulk" AND NeedleworkStatus = "blocked"';
    const signal = (...args: string[]) => temporal('workflow', 'signal', '--query', blocked, '--reason', 'test', '--yes', ...args);
    const toBlocked = async (...args: string[]) => {
      await until(() => list(blocked)).toEqual(['bulk', 'bulk/mdqa/tiny/low/low']);
      expect((await signal(...args)).status).toBe(0);
    };
    // Of the gated model a base that cells share is blocked, of the other one a cell and its baseline.
    expect(tries).toEqual({ base: 1, evaluate: 1, train: 1 });

    await toBlocked('--name', 'retry', '--input', '{"train": {"epochs": 2}}');
    for (const id of ['bulk', 'bulk/mdqa/tiny/low/low']) await until(async () => (await temporal('workflow', 'metadata', '--workflow-id', id, '--output', 'json')).output).toContain('Nothing was tried again');
    await toBlocked('--name', 'retry');
    await until(async () => tries).toEqual({ base: 2, evaluate: 2, train: 2 });
    await until(async () => (await progress('bulk')).counts).toMatchObject({ running: 1, blocked: 5 });
    broken.delete('base');
    await toBlocked('--name', 'retry');
    // Of the cells that the base had stopped one trains, one fails at it, as its sibling does, and the baseline is evaluated, in vain.
    await until(async () => (await progress('bulk')).counts).toMatchObject({ running: 2, blocked: 4 });
    await until(() => list(blocked)).toEqual(['bulk', 'bulk/mdqa/gated/low/low', 'bulk/mdqa/tiny/low/low']);
    expect(tries).toEqual({ base: 3, evaluate: 4, train: 4 });
    expect((await signal('--name', 'skip')).status).toBe(0);
    await until(async () => (await progress('bulk')).counts).toMatchObject({ running: 2, blocked: 0, skipped: 4 });
    await until(() => list(blocked)).toEqual([]);
    how.real = 'succeed';
    expect((await result('bulk')).result).toMatchObject({ status: 'partial' });
    expect(tries).toEqual({ base: 3, evaluate: 4, train: 4 });
    const { output } = await temporal('workflow', 'show', '--workflow-id', 'bulk/mdqa/tiny/low/low', '--output', 'json');
    expect(output.match(/"signalName": "retry"/g), 'the sweep passes none on').toHaveLength(3);
  }, 300_000);

  it('is skipped and finished by updates', async () => {
    const { behaviour } = trainings({ real: 'hang', symbolic: 'fail' });
    await workers(behaviour);
    await start('ended', { conditions: ['real', 'symbolic'], baselines: ['untuned'] }, '--priority-key', '4');
    await until(async () => (await progress('ended')).counts).toMatchObject({ running: 1, blocked: 1, done: 1 });
    expect((await progress('ended')).steering).toMatchObject({ onFailure: 'park', priority: 4 });
    expect((await update('ended', 'skip', { cells: ['mdqa/tiny/symbolic'] })).output).toContain('skipped');
    expect((await update('ended', 'finish', { now: true })).output).toContain('stopping');
    expect((await result('ended')).result.status).toBe('partial');
    expect((await progress('ended')).counts).toMatchObject({ done: 1, skipped: 1, failed: 1 });
  }, 300_000);

  it('is cancelled and terminated with its cells', async () => {
    const { behaviour } = trainings({ real: 'hang' });
    await workers(behaviour);
    for (const [verb, status] of [['cancel', 'CANCELED'], ['terminate', 'TERMINATED']] as const) {
      await start(verb, { conditions: ['real'] });
      await until(async () => (await progress(verb)).cells[0]?.stage).toBe('train');
      expect((await temporal('workflow', verb, '--workflow-id', verb)).status).toBe(0);
      await until(() => statusOf(verb)).toBe(status);
      await until(() => statusOf(`${verb}/mdqa/tiny/real`)).toBe(status);
    }
  }, 300_000);
});

describe('a reset', () => {
  const reset = async (workflowId: string, type: string) => {
    const { status, output } = await temporal('workflow', 'reset', '--workflow-id', workflowId, '--type', type, '--reason', 'test');
    expect(status, output).toBe(0);
  };

  it.each(['LastWorkflowTask', 'FirstWorkflowTask'])('to the %s of a finished sweep runs no stage again', async (type) => {
    const { ran } = await workers();
    const id = `finished-${type}`;
    await start(id);
    await result(id);
    const before = ran.length;
    await reset(id, type);
    expect(await result(id)).toMatchObject({ result: { status: 'complete' } });
    expect(ran).toHaveLength(before);
  }, 300_000);

  it.each(['LastWorkflowTask', 'FirstWorkflowTask'])('to the %s of a sweep that runs repeats no finished stage, and ends it', async (type) => {
    const { how, behaviour } = trainings({ real: 'hang' });
    const { ran } = await workers(behaviour);
    const id = `running-${type}`;
    await start(id);
    await until(async () => (await progress(id)).counts).toMatchObject({ running: 1, done: 1 });
    await reset(id, type);
    await until(async () => (await progress(id)).counts).toMatchObject({ done: 1 });
    how.real = 'succeed';
    const ended = await result(id);
    expect(ended).toMatchObject({ result: { status: 'complete' } });
    // The last task's history holds all that ran, and the cell that runs on tells the new run. After the first one, the old cell
    // ends its work before it can be started anew, so that only the report is left; what was told before is not counted again.
    expect(ended.result.cells.map(({ status, f1 }) => [status, f1])).toEqual([['done', 0.5], ['done', 0.5]]);
    expect(ended.result.stagesRun).toBe(type === 'LastWorkflowTask' ? ran.length : 1);
    const keys = ran.map(artifactKey);
    expect(new Set(keys).size).toBe(keys.length);
  }, 300_000);

  it.each(['LastWorkflowTask', 'FirstWorkflowTask'])('to the %s of a finished cell runs no stage again', async (type) => {
    const { ran } = await workers();
    const id = `cell-${type}`;
    await start(id, { conditions: ['real'] });
    await result(id);
    const before = ran.length;
    await reset(`${id}/mdqa/tiny/real`, type);
    await until(() => statusOf(`${id}/mdqa/tiny/real`)).toBe('COMPLETED');
    expect(ran).toHaveLength(before);
  }, 300_000);
});
