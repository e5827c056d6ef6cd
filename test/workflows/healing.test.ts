/** What a sweep gets over by itself: artifacts that are damaged in the store, found by their hash and made anew; workers that are lost. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultPayloadConverter } from '@temporalio/common';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Activities } from '#activities/index.ts';
import type { ArtifactRef, Stage } from '#workflows/contracts/artifacts.ts';
import { SweepProgress, SweepResult } from '#workflows/contracts/progress.ts';
import type { SweepSpecInput } from '#workflows/contracts/spec.ts';
import { ProcessCrashed } from '#infra/launcher/errors.ts';
import { refOf } from '#workflows/plan/keys.ts';
import { MOST_HEALINGS } from '#workflows/policies.ts';
import { LIGHT_QUEUE } from '#workflows/queues.ts';
import { temporaryFolder } from '../support/folders.ts';
import { smallSpec } from '../support/spec.ts';
import { s3ForTests, type StageContents, storedActivities } from '../support/stored-activities.ts';
import { temporalForTests } from '../support/temporal.ts';

const folder = temporaryFolder();
let temporal: Awaited<ReturnType<typeof temporalForTests>>;
let s3: Awaited<ReturnType<typeof s3ForTests>>;
beforeAll(async () => {
  [temporal, s3] = await Promise.all([temporalForTests(), s3ForTests(folder)]);
});
afterAll(() => Promise.all([temporal.stop(), s3.stop()]));

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** `afterTraining` is told of each adapter before anyone reads it. */
async function workers(afterTraining: (adapter: ArtifactRef) => void = () => {}, contents: StageContents = ({ stage }) => stage) {
  const { activities: stored, ran } = storedActivities(s3.context, contents);
  const activities: Activities = {
    ...stored,
    trainAdapter: async (request) => {
      const result = await stored.trainAdapter(request);
      afterTraining(result.ref);
      return result;
    },
  };
  stops.push(await temporal.serve(activities));
  return { ran, news: () => ran.splice(0).map(({ stage }) => stage).sort() };
}

let count = 0;
async function start(spec: SweepSpecInput) {
  count += 1;
  return temporal.client.workflow.start('sweep', { workflowId: `healed-${count}`, taskQueue: LIGHT_QUEUE, args: [spec] });
}
const run = async (spec: SweepSpecInput) => SweepResult.parse(await (await start(spec)).result());

const artifactFolder = ({ stage, key }: ArtifactRef) => join(folder, 's3', 'needlework', 'artifacts', stage, key);

function damageFile(ref: ArtifactRef): void {
  const files = readdirSync(artifactFolder(ref), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && entry.name !== 'manifest.json');
  for (const { parentPath, name } of files) writeFileSync(join(parentPath, name), readFileSync(join(parentPath, name), 'utf8').toUpperCase());
}

const damageManifest = (ref: ArtifactRef) => writeFileSync(join(artifactFolder(ref), 'manifest.json'), '{"schemaVersion":');

/** Another machine goes on, which has no copies. */
function forgetCopies(): void {
  for (const name of readdirSync(folder).filter((name) => name.startsWith('cache-'))) rmSync(join(folder, name), { recursive: true });
}

/** What the UI calls the activities that a workflow has scheduled. */
async function summariesOf(workflowId: string): Promise<unknown[]> {
  const { events } = await temporal.client.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled, userMetadata }) => (scheduled && userMetadata?.summary ? [defaultPayloadConverter.fromPayload(userMetadata.summary)] : []));
}

const spec = (seed: number, changes: Partial<SweepSpecInput> = {}) => smallSpec({ seed, patch: {}, baselines: ['untuned'], ...changes });

describe('a damaged artifact', () => {
  it('is made anew, whoever finds it: a cell, patching, the report', { timeout: 300_000 }, async () => {
    const { ran, news } = await workers();
    const before = await run(spec(1));
    const made = [...ran];
    news();
    const refs = (stage: Stage) => made.filter((recipe) => recipe.stage === stage).map(refOf);
    const [tuned, base, evaluations, scores] = [refs('train'), refs('base'), refs('evaluate'), refs('score')];
    // Masking reads base and adapters, patching the scores too, the report all.
    damageFile(base[0]!);
    for (const ref of tuned) damageFile(ref);
    damageManifest(scores[0]!);
    damageFile(evaluations[0]!);
    damageManifest(evaluations[1]!);
    forgetCopies();
    const result = await run(spec(1, { mask: { k: [3] }, patch: { examples: 7 } }));
    expect(result).toMatchObject({ status: 'complete', failures: [] });
    // Masking and patching may find the same adapter damaged at the same moment, and both have it made; one of the two is committed.
    const madeAnew = [...new Map(ran.splice(0).map((recipe) => [refOf(recipe).key, recipe.stage])).values()].sort();
    expect(madeAnew).toEqual(['base', 'evaluate', 'evaluate', 'mask', 'mask', 'patch', 'report', 'score', 'train', 'train']);
    forgetCopies();
    expect((await run(spec(1))).report.key, 'the same as ever').toBe(before.report.key);
    expect(news()).toEqual([]);
  });

  it('is made anew too where nobody is to be waited for', { timeout: 300_000 }, async () => {
    const { ran, news } = await workers();
    await run(spec(2));
    for (const recipe of ran.filter(({ stage }) => stage === 'train')) damageFile(refOf(recipe));
    news();
    forgetCopies();
    const healed = await start(spec(2, { mask: { k: [3] }, run: { onFailure: 'finish' } }));
    expect(SweepResult.parse(await healed.result())).toMatchObject({ status: 'complete', failures: [] });
    expect(news()).toEqual(['mask', 'mask', 'report', 'train', 'train']);
    expect(await summariesOf(`${healed.workflowId}/mdqa/tiny/real`)).toContain('mdqa × tiny × real: train (made anew where its artifact is gone)');
  });

  it('is made anew under the label that had forced it, and is shown with the reason', { timeout: 300_000 }, async () => {
    const { ran, news } = await workers();
    const force: SweepSpecInput['force'] = { label: 'second-try', stages: [{ stage: 'train', condition: 'real' }] };
    await run(spec(6, { force }));
    for (const recipe of ran.filter(({ stage }) => stage === 'train')) damageFile(refOf(recipe));
    news();
    forgetCopies();
    // Patching, which the sweep runs itself, finds both adapters damaged.
    const patched = await start(spec(6, { force, patch: { examples: 7 } }));
    expect(SweepResult.parse(await patched.result())).toMatchObject({ status: 'complete', failures: [] });
    expect(news()).toEqual(['patch', 'report', 'train', 'train']);
    expect(await summariesOf(patched.workflowId)).toEqual(
      expect.arrayContaining(['mdqa × tiny × real: train (made anew where its artifact is gone; forced: second-try)', 'mdqa × tiny × symbolic: train (made anew where its artifact is gone)']),
    );
    await run(spec(6, { force, patch: { examples: 7 } }));
    expect(news(), 'it was made under the label').toEqual([]);
  });

  it('waits for a person in a store that damages all that it is given', { timeout: 300_000 }, async () => {
    let damaging = false;
    const { ran, news } = await workers((adapter) => {
      if (!damaging) return;
      damageFile(adapter);
      forgetCopies();
    });
    const one = (changes: Partial<SweepSpecInput> = {}) => spec(3, { conditions: ['real'], baselines: [], ...changes });
    await run(one());
    damageFile(refOf(ran.find(({ stage }) => stage === 'train')!));
    news();
    forgetCopies();
    damaging = true;
    const handle = await start(one({ mask: { k: [3] } }));
    const progress = async () => SweepProgress.parse(await handle.query('progress')).cells.find(({ id }) => id === 'mdqa/tiny/real')!;
    await expect.poll(async () => (await progress()).status, { timeout: 120_000, interval: 200 }).toBe('blocked');
    damaging = false;
    expect((await progress()).failures[0]).toMatchObject({ type: 'ArtifactCorrupt', message: expect.stringMatching(/is corrupt: file file\.txt has .* It was discarded/) });
    expect(news(), 'tried so often').toEqual(Array.from({ length: MOST_HEALINGS }, () => 'train'));
    await handle.executeUpdate('retry');
    expect(SweepResult.parse(await handle.result())).toMatchObject({ status: 'complete' });
  });
});

describe('a discard', () => {
  it('of what is no artifact says so itself, not only in its cause', { timeout: 120_000 }, async () => {
    await workers();
    const failed = await temporal.client.workflow.execute('discard', { workflowId: 'discard-nothing', taskQueue: LIGHT_QUEUE, args: [{ stage: 'scores', key: 'x' }] }).catch((error: Error) => error);
    expect((failed as Error).cause).toMatchObject({ message: expect.stringMatching(/^scores\/x was not discarded: .*\n.*stage: found "scores", allowed: "source", /) });
  });
});

describe('an attempt that was lost with its worker', () => {
  it('is no failure: only those of the work itself are counted', { timeout: 120_000 }, async () => {
    let crashes = 0;
    let hanging = false;
    const contents: StageContents = ({ stage }) => {
      if (stage !== 'train') return stage;
      if (crashes === 2) {
        hanging = true;
        return 'hang';
      }
      crashes += 1;
      throw new ProcessCrashed('the job process ended (SIGKILL)');
    };
    await workers(undefined, contents);
    const handle = await start(spec(4, { conditions: ['real'], baselines: [] }));
    const pending = async () => (await temporal.client.workflow.getHandle(`${handle.workflowId}/mdqa/tiny/real`).describe().catch(() => null))?.raw.pendingActivities?.[0];
    const failures = async () => {
      const payload = (await pending())?.heartbeatDetails?.payloads?.[0];
      return payload && defaultPayloadConverter.fromPayload<{ failures?: unknown }>(payload).failures;
    };
    await expect.poll(() => hanging, { timeout: 60_000 }).toBe(true);
    await expect.poll(failures, { timeout: 20_000 }).toEqual({ trainer: 2, other: 0, turnedDown: 0 });
    expect((await pending())?.attempt).toBe(3);
    for (let attempt = 4; attempt <= 5; attempt += 1) {
      await stops.pop()!();
      hanging = false;
      await workers(undefined, contents);
      await expect.poll(async () => hanging && (await pending())?.attempt, { timeout: 60_000 }).toBe(attempt);
      await expect.poll(failures, { timeout: 20_000 }).toEqual({ trainer: 2, other: 0, turnedDown: 0 });
    }
    await handle.terminate();
  });
});

describe('a Temporal server that is killed', () => {
  it('goes on with the sweep where it was, and no stage works twice', { timeout: 120_000 }, async () => {
    let killing: Promise<void> | null = null;
    const { news } = await workers((adapter) => {
      // The end of this training is told to a server that is not there.
      if (killing === null && adapter.stage === 'train') killing = temporal.killServer();
    });
    const handle = await start(spec(5));
    const ended = async () => SweepResult.parse(await handle.result());
    const answer = await ended().catch(async (error: unknown) => {
      if (killing === null) throw error;
      await killing;
      return ended();
    });
    expect(answer).toMatchObject({ status: 'complete', failures: [] });
    expect(news().filter((stage) => stage === 'train' || stage === 'dataset')).toEqual(['dataset', 'dataset', 'dataset', 'train', 'train']);
  });
});
