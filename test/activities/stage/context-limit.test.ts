/** The length that a sweep asks for is the limit of all trainer jobs on its data, by the real trainer: a longer prompt is refused, not cut. */
import { copyFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { Tokenizer } from 'tokenizers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { trainerActivities } from '#activities/index.ts';
import type { ActivityContext } from '#activities/stage/context.ts';
import { JobPool } from '#infra/launcher/job-pool.ts';
import type { ArtifactRef, Recipe } from '#workflows/contracts/artifacts.ts';
import { parseSweepSpec } from '#workflows/contracts/parse.ts';
import { refOf } from '#workflows/plan/keys.ts';
import { planSweep } from '#workflows/plan/plan.ts';
import { CHECKOUT } from '#workers/home.ts';
import { trainerCommand } from '#workers/trainer-command.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { SMALL_FINGERPRINTS, smallSpec } from '../../support/spec.ts';
import { s3ForTests } from '../../support/stored-activities.ts';

const root = temporaryFolder();
const SHIPPED = join(CHECKOUT, 'examples/models/tiny-llama');
const PROMPT = 'Anna Reed founded the Amber Mill. Who founded the Amber Mill? Answer:';
let context: ActivityContext;
let stop: () => Promise<void>;
let trainer: JobPool;

beforeAll(async () => {
  const server = await s3ForTests(root);
  trainer = new JobPool(1, trainerCommand(process.env));
  [context, stop] = [{ ...server.context, trainer }, server.stop];
});
afterAll(async () => {
  await trainer?.stop();
  await stop?.();
});

async function commit(recipe: Recipe, files: Record<string, string>): Promise<ArtifactRef> {
  const folder = mkdtempSync(join(root, 'files-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  if (recipe.stage === 'base') for (const name of ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json']) copyFileSync(join(SHIPPED, name), join(folder, name));
  const ref = refOf(recipe);
  await context.store.commit({ kind: recipe.stage, key: ref.key, recipe, summary: {}, measurements: {}, versions: {} }, folder);
  return ref;
}

/** The cell of a sweep with contexts of so many tokens, its base, and data of one example, in the store. */
async function cellOf(contextTokens: number, example: unknown) {
  const [task] = smallSpec().tasks;
  const { cells, baselines } = planSweep(parseSweepSpec(smallSpec({ tasks: [{ ...task!, contextTokens }] })), SMALL_FINGERPRINTS);
  const [cell] = cells;
  const line = `${JSON.stringify(example)}\n`;
  await commit(cell!.shared.base, {});
  await commit(cell!.shared.test!, { 'test.jsonl': line });
  await commit(cell!.stages.dataset, { 'train.jsonl': line, 'validation.jsonl': line });
  return { train: cell!.stages.train!, evaluate: baselines[0]!.stages.evaluate };
}

const run = (activity: 'trainAdapter' | 'evaluateModel', recipe: Recipe) => new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') }).run(trainerActivities(context)[activity], { recipe, locations: {} });

it('is the limit of training and evaluation, whatever the files hold', { timeout: 240_000 }, async () => {
  const tokens = (await Tokenizer.fromFile(join(SHIPPED, 'tokenizer.json')).encode(PROMPT)).getLength();
  const span = { start: 0, end: 'Anna Reed'.length };
  const example = { id: 'long', task: 'mdqa', condition: 'real', split: 'test', prompt: PROMPT, answer: 'Anna Reed', answers: ['Anna Reed'], question: 'Who?', needles: [span], answerSpans: [span], promptTokens: tokens };
  // A data file of another length than was asked for, by whatever way it came about.
  const long = { ...example, prompt: `${'the Amber Mill '.repeat(200)}${PROMPT}` };
  const length = (await Tokenizer.fromFile(join(SHIPPED, 'tokenizer.json')).encode(long.prompt)).getLength();
  const { train, evaluate } = await cellOf(64, { ...long, promptTokens: length });
  const refusal = { type: 'PromptTooLong', nonRetryable: true };
  await expect(run('evaluateModel', evaluate)).rejects.toMatchObject({ ...refusal, message: expect.stringContaining(`'long' has a prompt of ${length} tokens; allowed: at most 64`) });
  await expect(run('trainAdapter', train)).rejects.toMatchObject({ ...refusal, message: expect.stringContaining("'long'") });
  expect(length).toBeGreaterThan(64 + 256);

  const fits = await cellOf(65, example);
  expect(await run('evaluateModel', fits.evaluate)).toMatchObject({ reused: false, summary: { examples: 1 } });
});
