import { WorkflowFailedError } from '@temporalio/client';
import { CancelledFailure, defaultPayloadConverter } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import type { Recipe } from '#workflows/contracts/artifacts.ts';
import { SweepProgress, SweepResult } from '#workflows/contracts/progress.ts';
import type { SweepSpecInput } from '#workflows/contracts/spec.ts';
import { artifactKey } from '#workflows/plan/keys.ts';
import { LIGHT_QUEUE } from '#workflows/queues.ts';
import type { StageBehaviour } from '../support/instant-activities.ts';
import { smallSpec } from '../support/spec.ts';
import { sweepsForTests } from '../support/sweeps.ts';

const { client, workers, start, run, replay } = sweepsForTests('sweep');

/** Of sweeps in which something fails and that do not wait for a person. */
const unattended = { run: { onFailure: 'finish' as const } };

describe('the sweep workflow', () => {
  it('runs every stage once, shared ones for all cells, and can be replayed', async () => {
    const { ran } = await workers();
    const { handle, result } = await run(smallSpec());
    const counts = Object.groupBy(ran, ({ stage }) => stage);
    expect(Object.fromEntries(Object.entries(counts).map(([stage, recipes]) => [stage, recipes?.length]))).toEqual({
      source: 1, base: 1, dataset: 3, train: 2, evaluate: 4, score: 2, mask: 2, report: 1,
    });
    expect(result).toMatchObject({ status: 'complete', stagesRun: 16, stagesReused: 0, failures: [], report: { file: 'report.html' } });
    expect(result.cells.map(({ id, status, f1 }) => [id, status, f1])).toEqual([
      ['mdqa/tiny/untuned', 'done', 0.5],
      ['mdqa/tiny/untuned-scaled', 'done', 0.5],
      ['mdqa/tiny/real', 'done', 0.5],
      ['mdqa/tiny/symbolic', 'done', 0.5],
    ]);
    await replay(handle, [`${handle.workflowId}/mdqa/tiny/real`, `${handle.workflowId}/mdqa/tiny/symbolic`]);
  });

  it('runs nothing the second time', async () => {
    const { ran } = await workers();
    await run(smallSpec());
    const before = ran.length;
    const { result } = await run(smallSpec({ name: 'another-name' }));
    // The report shows the name of its sweep, so it alone is written again.
    expect(ran.slice(before).map(({ stage }) => stage)).toEqual(['report']);
    expect(result).toMatchObject({ stagesRun: 1, stagesReused: 15 });
    expect((await run(smallSpec())).result).toMatchObject({ stagesRun: 0, stagesReused: 16 });
  });

  it('runs only what a changed setting concerns', async () => {
    const { ran } = await workers();
    await run(smallSpec());
    const before = ran.length;
    await run(smallSpec({ mask: { k: [3] } }));
    expect(ran.slice(before).map(({ stage }) => stage).sort()).toEqual(['mask', 'mask', 'report']);
  });

  it('makes the data of cells once that are tuned from several seeds, and leaves stages out', { timeout: 180_000 }, async () => {
    const { ran } = await workers();
    const spec = smallSpec({ seeds: [1, 2], patch: {}, leaveOut: ['evaluate', { stage: ['mask', 'patch'], seed: 2 }] });
    const { handle, result } = await run(spec);
    const counts = Object.groupBy(ran, ({ stage }) => stage);
    expect(Object.fromEntries(Object.entries(counts).map(([stage, recipes]) => [stage, recipes?.length]))).toEqual({ source: 1, base: 1, dataset: 3, train: 4, score: 4, mask: 2, patch: 1, report: 1 });
    expect(result).toMatchObject({ status: 'complete', failures: [] });
    expect(result.cells.map(({ seed, condition, status, stagesDone }) => [seed, condition, status, stagesDone])).toEqual([[1, 'real', 'done', 4], [1, 'symbolic', 'done', 5], [2, 'real', 'done', 3], [2, 'symbolic', 'done', 3]]);
    expect(SweepProgress.parse(await handle.query('progress')).shared.map(({ name }) => name)).toContain('mdqa × tiny: symbolic data');
    const { summary } = (await client().workflow.getHandle(`${handle.workflowId}/mdqa/tiny/symbolic/seed-2`).describe()).raw.executionConfig?.userMetadata ?? {};
    expect(JSON.stringify(summary && defaultPayloadConverter.fromPayload(summary))).toContain('mdqa × tiny × symbolic × seed 2');
    await replay(handle);
  });

  it('has passages ranked before anything that holds them, once for all', async () => {
    const { ran } = await workers();
    const task = { ...smallSpec().tasks[0]!, source: { kind: 'nq-open' as const, questions: 'q', pool: 'p' }, retriever: { kind: 'contriever' as const, model: { path: 'encoder' } } };
    const { handle, result } = await run(smallSpec({ tasks: [task], baselines: [] }));
    expect(result).toMatchObject({ status: 'complete', failures: [] });
    const order = ran.map(({ stage }) => stage);
    expect(order.filter((stage) => stage === 'rank')).toHaveLength(1);
    expect(order.indexOf('rank')).toBeGreaterThan(order.indexOf('source'));
    expect(order.indexOf('rank')).toBeLessThan(order.indexOf('dataset'));
    const progress = SweepProgress.parse(await handle.query('progress'));
    expect(progress.shared.map(({ name }) => name)).toContain('mdqa: passage ranking');
    await replay(handle);
  });

  it('goes on with the other cells when one fails, and says which, at what stage and why', async () => {
    await workers(({ stage, inputs, params }) => (stage === 'dataset' && params.condition === 'symbolic' && inputs.source ? 'fail' : 'succeed'));
    const { handle, result } = await run(smallSpec(unattended));
    expect(result.status).toBe('partial');
    expect(result.failures).toEqual([
      { cell: 'mdqa/tiny/symbolic', stage: 'dataset', type: 'SourceError', message: 'mdqa × tiny × symbolic, stage dataset: the data is malformed', remedy: expect.stringContaining('put the right file in place') },
    ]);
    expect(result.cells.find(({ id }) => id === 'mdqa/tiny/real')?.status).toBe('done');
    const progress = SweepProgress.parse(await handle.query('progress'));
    expect(progress.counts).toEqual({ waiting: 0, running: 0, blocked: 0, done: 3, skipped: 0, failed: 1 });
    await replay(handle);
  });

  it('finishes what does not rest on a failed stage, and reports what there is of a failed cell', async () => {
    const { ran } = await workers(({ stage, inputs }) => (stage === 'evaluate' && inputs.adapter ? 'fail' : 'succeed'));
    const { result } = await run(smallSpec(unattended));
    expect(result.failures.map(({ cell, stage }) => [cell, stage])).toEqual([['mdqa/tiny/real', 'evaluate'], ['mdqa/tiny/symbolic', 'evaluate']]);
    expect(ran.map(({ stage }) => stage).filter((stage) => stage === 'mask')).toHaveLength(2);
    const { inputs } = ran.find(({ stage }) => stage === 'report')!;
    const roles = Object.keys(inputs).filter((role) => role.startsWith('mdqa/tiny/real: '));
    expect(roles.map((role) => role.split(': ')[1]).sort()).toEqual(['base', 'dataset', 'mask', 'score', 'source', 'test', 'train']);
  });

  it('fails where every cell failed, but reports what they finished before', async () => {
    const { ran } = await workers(({ stage }) => (stage === 'evaluate' ? 'fail' : 'succeed'));
    const failed = await (await start(smallSpec({ baselines: [], ...unattended }))).result().catch((error: unknown) => error);
    expect((failed as WorkflowFailedError).cause).toMatchObject({ type: 'SweepFailed', nonRetryable: true, message: expect.stringMatching(/^no cell of the sweep could be finished:\n[^]*stage evaluate: the data is malformed[^]*\nreport of what there is: report\.html$/) });
    expect(ran.map(({ stage }) => stage)).toContain('report');
  });

  it('says why there is no report where that fails too', async () => {
    await workers(({ stage }) => (stage === 'mask' || stage === 'report' ? 'fail' : 'succeed'));
    const failed = await (await start(smallSpec(unattended))).result().catch((error: unknown) => error);
    expect(String((failed as WorkflowFailedError).cause)).toMatch(/cells of the sweep failed:\n[^]*stage mask: the data is malformed[^]*and no report could be written: small, stage report: the data is malformed/);
  });

  it('goes on when a single cell is cancelled, and says so', async () => {
    await workers(({ stage }) => (stage === 'train' ? 'hang' : 'succeed'));
    const handle = await start(smallSpec({ conditions: ['real'], ...unattended }));
    const cell = client().workflow.getHandle(`${handle.workflowId}/mdqa/tiny/real`);
    const isTraining = async () => SweepProgress.parse(await handle.query('progress')).cells.some(({ stage }) => stage === 'train');
    await expect.poll(isTraining, { timeout: 20_000 }).toBe(true);
    await cell.cancel();
    const result = SweepResult.parse(await handle.result());
    expect(result).toMatchObject({ status: 'partial', failures: [{ cell: 'mdqa/tiny/real', type: 'Cancelled', message: 'mdqa × tiny × real: its workflow was cancelled' }] });
  });

  it('fails where no cell can be finished, with every cause', async () => {
    await workers(({ stage }) => (stage === 'source' ? 'fail' : 'succeed'));
    const handle = await start(smallSpec(unattended));
    const failed = await handle.result().catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(WorkflowFailedError);
    expect(await handle.query('progress')).toMatchObject({ status: 'failed', counts: { failed: 4 } });
    const [headline, ...causes] = ((failed as WorkflowFailedError).cause as Error).message.split('\n');
    expect(headline).toBe('no cell of the sweep could be finished:');
    expect(causes, 'one cause, told once').toHaveLength(1);
    expect(causes[0]).toMatch(/mdqa: source rows, stage source: the data is malformed \(stopped (.+, ){3}.+\)\. What to do: put the right file in place/);
  });

  it('refuses a bad spec before anything starts', async () => {
    const { ran } = await workers();
    const failed = await (await start({ ...smallSpec(), sizes: 3 })).result().catch((error: unknown) => error);
    expect((failed as WorkflowFailedError).cause).toMatchObject({ type: 'InvalidSpec', nonRetryable: true, message: expect.stringContaining('sizes: found an unknown key') });
    const idle = await (await start(smallSpec({ only: ['score'], force: { label: 'again', stages: ['mask'] } }))).result().catch((error: unknown) => error);
    expect((idle as WorkflowFailedError).cause).toMatchObject({ type: 'InvalidSpec', message: expect.stringContaining('force.stages[0]: found "mask", but "only" leaves it out of this run') });
    expect(ran).toEqual([]);
  });

  it('takes files by URL, and says nothing of the secrets of one that it refuses', async () => {
    const { ran } = await workers();
    const tasks = (url: string) => [{ task: 'musique' as const, source: { kind: 'musique' as const, questions: [url, { at: 's3://bucket/q 2.jsonl', sha256: 'a'.repeat(64) }] } }];
    const { handle, result } = await run(smallSpec({ tasks: tasks('https://host/q.jsonl?download=1') }));
    expect(result.status).toBe('complete');
    await replay(handle);
    const before = ran.length;
    const failed = await (await start(smallSpec({ tasks: tasks('https://host/q.jsonl?X-Amz-Signature=c0ffee') }))).result().catch((error: unknown) => error);
    const { cause } = failed as WorkflowFailedError;
    expect(cause).toMatchObject({ type: 'InvalidSpec', nonRetryable: true, message: expect.stringContaining('tasks[0].source.questions[0]: found "https://host/q.jsonl?…", allowed: a URL without a signature') });
    expect(cause?.message).not.toContain('c0ffee');
    expect(ran).toHaveLength(before);
  });

  it('answers the progress query while it runs, and stops everything when cancelled', async () => {
    await workers(({ stage }) => (stage === 'train' ? 'hang' : 'succeed'));
    const handle = await start(smallSpec());
    const cell = () => client().workflow.getHandle(`${handle.workflowId}/mdqa/tiny/real`);
    await expect
      .poll(async () => SweepProgress.parse(await handle.query('progress')).cells.find(({ id }) => id === 'mdqa/tiny/real'), { timeout: 20_000 })
      .toMatchObject({ status: 'running', stage: 'train', stagesDone: 1, workflowId: cell().workflowId });
    await handle.cancel();
    const ended = await handle.result().catch((error: unknown) => error);
    expect((ended as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
    expect((await cell().describe()).status.name).toBe('CANCELLED');
    // What was not done was given up with the sweep: nothing is said to run any more.
    const { status, counts, cells, shared } = SweepProgress.parse(await handle.query('progress'));
    expect([status, counts.running, counts.waiting, counts.failed]).toEqual(['cancelled', 0, 0, 2]);
    expect(cells.flatMap(({ running }) => Object.keys(running))).toEqual([]);
    expect(shared.filter(({ status: one }) => one === 'running')).toEqual([]);
  });

  it('makes a discarded artifact anew, and nothing else', async () => {
    const { ran, made } = await workers();
    await run(smallSpec());
    const train = ran.find(({ stage }) => stage === 'train')!;
    const [key] = [...made].find(([, { ref }]) => ref.stage === 'train' && made.get(ref.key) !== undefined && train !== undefined)!;
    await client().workflow.execute('discard', { workflowId: 'discard-1', taskQueue: LIGHT_QUEUE, args: [{ stage: 'train', key }] });
    const before = ran.length;
    await run(smallSpec());
    expect(ran.slice(before).map(({ stage }) => stage)).toEqual(['train']);
  });
});

describe('a sweep with patching', () => {
  const spec = smallSpec({ conditions: ['real', 'low/low', 'symbolic'], baselines: [], patch: {} });
  const of = (condition: string) => `mdqa/tiny/${condition}`;
  const reportOf = (ran: readonly Recipe[]) => ran.findLast(({ stage }) => stage === 'report')!;
  const patched = (recipe: Recipe) => Object.keys(recipe.inputs).filter((role) => role.endsWith(': patch'));

  it('patches every other cell once it and the real one are scored, and can be replayed', async () => {
    const { ran } = await workers();
    const { handle, result } = await run(spec);
    expect(result).toMatchObject({ status: 'complete', failures: [] });
    expect(result.cells.map(({ id, status, stagesDone, stagesTotal }) => [id, status, stagesDone, stagesTotal])).toEqual([[of('real'), 'done', 5, 5], [of('low/low'), 'done', 6, 6], [of('symbolic'), 'done', 6, 6]]);
    const done = new Set<string>();
    for (const recipe of ran) {
      if (recipe.stage === 'patch') for (const [role, { key }] of Object.entries(recipe.inputs)) expect(done.has(key), role).toBe(true);
      done.add(artifactKey(recipe));
    }
    expect(patched(reportOf(ran))).toEqual([`${of('low/low')}: patch`, `${of('symbolic')}: patch`]);
    await replay(handle, [`${handle.workflowId}/${of('low/low')}`]);
    const before = ran.length;
    expect((await run(spec)).result).toMatchObject({ stagesRun: 0, stagesReused: result.stagesRun });
    expect(ran).toHaveLength(before);
  });

  it('runs the patch stages alone where the cells are there', async () => {
    const { ran } = await workers();
    await run(smallSpec({ conditions: ['real', 'low/low', 'symbolic'], baselines: [] }));
    const before = ran.length;
    const { handle, result } = await run(spec);
    expect(ran.slice(before).map(({ stage }) => stage)).toEqual(['patch', 'patch', 'report']);
    expect(result.cells.map(({ status }) => status)).toEqual(['done', 'done', 'done']);
    await replay(handle);
  });

  it('goes on with everything else while the real cell is being trained', async () => {
    let real = 'hang' as ReturnType<StageBehaviour>;
    const datasets = new Map<string, unknown>();
    const { ran } = await workers((recipe) => {
      if (recipe.stage === 'dataset') datasets.set(artifactKey(recipe), recipe.params.condition);
      return recipe.stage === 'train' && datasets.get(recipe.inputs.dataset!.key) === 'real' ? real : 'succeed';
    });
    const handle = await start(spec);
    const cells = async () => SweepProgress.parse(await handle.query('progress')).cells;
    await expect.poll(async () => (await cells()).slice(1).map(({ stagesDone }) => stagesDone), { timeout: 20_000 }).toEqual([5, 5]);
    expect((await cells()).map(({ status }) => status)).toEqual(['running', 'running', 'running']);
    expect(ran.map(({ stage }) => stage)).not.toContain('patch');
    real = 'succeed';
    await handle.cancel();
    await handle.result().catch(() => {});
    const { result } = await run(spec);
    expect(result.status).toBe('complete');
    expect(ran.filter(({ stage }) => stage === 'patch')).toHaveLength(2);
  });

  it('reports patching as missing, with the reason, where the real cell failed before it was scored', async () => {
    const datasets = new Map<string, unknown>();
    const { ran } = await workers((recipe) => {
      if (recipe.stage === 'dataset') datasets.set(artifactKey(recipe), recipe.params.condition);
      return recipe.stage === 'train' && datasets.get(recipe.inputs.dataset!.key) === 'real' ? 'fail' : 'succeed';
    });
    const { handle, result } = await run({ ...spec, ...unattended });
    expect(result.status).toBe('partial');
    expect(result.failures.map(({ cell, stage }) => [cell, stage])).toEqual([[of('real'), 'train']]);
    expect(result.cells.map(({ status, stagesDone, stagesTotal }) => [status, stagesDone, stagesTotal])).toEqual([['failed', 1, 5], ['done', 5, 5], ['done', 5, 5]]);
    const reason = 'the real cell failed before its heads were scored: mdqa × tiny × real, stage train: the data is malformed';
    expect(reportOf(ran).params.missing).toEqual({
      [of('real')]: 'mdqa × tiny × real, stage train: the data is malformed',
      [`${of('low/low')}: patch`]: reason,
      [`${of('symbolic')}: patch`]: reason,
    });
    expect(patched(reportOf(ran))).toEqual([]);
    expect(Object.keys(reportOf(ran).inputs)).toContain(`${of('symbolic')}: mask`);
    await replay(handle);
  });

  it('patches from a real cell that failed at something else', async () => {
    const datasets = new Map<string, unknown>();
    const { ran } = await workers((recipe) => {
      if (recipe.stage === 'score') datasets.set(artifactKey(recipe), ran.find((one) => artifactKey(one) === recipe.inputs.dataset!.key)?.params.condition);
      return recipe.stage === 'mask' && datasets.get(recipe.inputs.scores!.key) === 'real' ? 'fail' : 'succeed';
    });
    const { result } = await run({ ...spec, ...unattended });
    expect(result.failures.map(({ cell, stage }) => [cell, stage])).toEqual([[of('real'), 'mask']]);
    expect(ran.filter(({ stage }) => stage === 'patch')).toHaveLength(2);
    expect(patched(reportOf(ran))).toHaveLength(2);
  });

  it('fails a cell whose patching failed, shows the rest of it, and leaves the others alone', async () => {
    const { ran } = await workers(({ stage }) => (stage === 'patch' ? 'fail' : 'succeed'));
    const { handle, result } = await run({ ...spec, ...unattended });
    expect(result.failures.map(({ cell, stage }) => [cell, stage])).toEqual([[of('low/low'), 'patch'], [of('symbolic'), 'patch']]);
    expect(result.cells.map(({ status }) => status)).toEqual(['done', 'failed', 'failed']);
    const roles = Object.keys(reportOf(ran).inputs).filter((role) => role.startsWith(`${of('symbolic')}: `)).map((role) => role.split(': ')[1]);
    expect(roles).toEqual(expect.arrayContaining(['train', 'evaluate', 'score', 'mask']));
    expect(roles).not.toContain('patch');
    await replay(handle);
  });

  it('tells a cell that failed twice as one, with both reasons', async () => {
    const { ran } = await workers(({ stage }) => (stage === 'patch' || stage === 'mask' ? 'fail' : 'succeed'));
    const failed = await (await start({ ...spec, ...unattended })).result().catch((error: unknown) => error);
    expect(String((failed as WorkflowFailedError).cause)).toContain('no cell of the sweep could be finished');
    expect((reportOf(ran).params.missing as Record<string, string>)[of('symbolic')]).toMatch(/stage (mask|patch): the data is malformed; .*stage (mask|patch): the data is malformed/);
  });
});

describe('a sweep whose texts an LLM writes', () => {
  const writes = (write: Partial<Extract<SweepSpecInput['write'], { provider: 'openai' }>>) =>
    smallSpec({
      tasks: [{ ...smallSpec().tasks[0]!, source: { kind: 'nq-open', questions: 'miniature' } }],
      conditions: ['high/high', 'high/low'],
      baselines: [],
      write: { provider: 'openai', ...write },
    });

  it('has each text written once, with the means of the spec', async () => {
    const uses: unknown[] = [];
    const { ran } = await workers(({ stage }, llm) => {
      if (stage === 'write') uses.push(llm);
      return 'succeed';
    });
    const { handle } = await run(writes({ concurrency: 3 }));
    expect(ran.filter(({ stage }) => stage === 'write').map(({ params }) => params.what).sort()).toEqual(['needles', 'passages']);
    const use = { mode: 'online', concurrency: 3, timeoutSeconds: 120, ledger: 'small' };
    expect(uses).toEqual([use, use]);
    await replay(handle);
  });

  it('lets texts wait in a queue of their own, while all that needs none goes on', async () => {
    const { ran, writers } = await workers(undefined, undefined, ['writers']);
    const spec = writes({});
    const handle = await start({ ...spec, conditions: ['real', ...spec.conditions!] });
    const statusOf = async (id: string) => SweepProgress.parse(await handle.query('progress')).cells.find((cell) => cell.id === id)!.status;
    await expect.poll(() => statusOf('mdqa/tiny/real'), { timeout: 20_000 }).toBe('done');
    expect(ran.filter(({ stage }) => stage === 'write')).toEqual([]);
    expect(await statusOf('mdqa/tiny/high/high')).not.toBe('done');
    await writers();
    expect(await handle.result()).toMatchObject({ status: 'complete' });
    expect(ran.filter(({ stage }) => stage === 'write')).toHaveLength(2);
    await replay(handle);
  });

  it('pauses at its cost ceiling, says so, and goes on when that is raised', async () => {
    const { ran } = await workers(({ stage, params }, llm) => (stage === 'write' && params.what === 'passages' && (llm?.costCeilingDollars ?? 0) < 2 ? 'too dear' : 'succeed'));
    const handle = await start(writes({ costCeilingDollars: 1 }));
    const progress = async () => SweepProgress.parse(await handle.query('progress'));
    await expect.poll(async () => (await progress()).status, { timeout: 20_000 }).toBe('paused');
    expect((await progress()).waitingFor).toMatch(/mdqa: high passages, stage write: spent \$1\.00 of \$1\.00/);
    const refused = await handle.executeUpdate('setCostCeiling', { args: [0.5] }).catch((error: Error) => error);
    expect((refused as Error & { cause: Error }).cause.message).toBe('found 0.5, allowed: dollars above 1');
    await handle.executeUpdate('setCostCeiling', { args: [2] });
    expect(await handle.result()).toMatchObject({ status: 'complete' });
    expect(ran.filter(({ stage, params }) => stage === 'write' && params.what === 'passages')).toHaveLength(1);
    await replay(handle);
  });

  it('has no ceiling to raise where none was set', async () => {
    await workers(({ stage }) => (stage === 'train' ? 'hang' : 'succeed'));
    const handle = await start(writes({}));
    const refused = await handle.executeUpdate('setCostCeiling', { args: [5] }).catch((error: Error) => error);
    expect((refused as Error & { cause: Error }).cause.message).toMatch(/nothing, since this sweep has no cost ceiling/);
    await handle.cancel();
    await handle.result().catch(() => {});
  });

  it('asks in batches until no reply is missing, then writes from what came back', { timeout: 120_000 }, async () => {
    const batches = { submitted: [] as string[], polls: 0 };
    const { ran } = await workers(undefined, batches);
    const { handle } = await run({ ...writes({ mode: 'batch' }), conditions: ['high/low'] });
    expect(batches.submitted.map((id) => id.slice(-1))).toEqual(['0', '1']);
    expect(batches.polls).toBe(4);
    expect(ran.filter(({ stage }) => stage === 'write')).toHaveLength(1);
    await replay(handle);
  });
});
