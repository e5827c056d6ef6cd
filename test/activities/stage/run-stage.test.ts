/** What the work of a stage gets, on a real store. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { contentOf } from '#activities/stage/content.ts';
import { runStage } from '#activities/stage/run-stage.ts';
import type { Manifest } from '#infra/artifacts/manifest.ts';
import type { Recipe } from '#workflows/contracts/artifacts.ts';
import { parseSweepSpec } from '#workflows/contracts/parse.ts';
import { refOf } from '#workflows/plan/keys.ts';
import { planSweep } from '#workflows/plan/plan.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { SMALL_FINGERPRINTS, smallSpec } from '../../support/spec.ts';
import { s3ForTests } from '../../support/stored-activities.ts';

const root = temporaryFolder();
let s3: Awaited<ReturnType<typeof s3ForTests>>;
beforeAll(async () => {
  s3 = await s3ForTests(root);
});
afterAll(() => s3.stop());

/** Puts the artifact of a recipe, a file, into the store: instead of the one of the version `replaces`. */
async function commit(recipe: Recipe, text: string, replaces?: string): Promise<Manifest> {
  const folder = mkdtempSync(join(root, 'files-'));
  writeFileSync(join(folder, 'file.txt'), text);
  return s3.store.commit({ kind: recipe.stage, key: refOf(recipe).key, recipe, summary: {}, measurements: {}, versions: {} }, folder, replaces);
}

it('has the same contents of an input to the end, which are those that its artifact tells, though the input is made anew meanwhile', async () => {
  const [cell] = planSweep(parseSweepSpec(smallSpec()), SMALL_FINGERPRINTS).cells;
  const { dataset, train } = cell!.stages;
  const address = { kind: dataset.stage, key: refOf(dataset).key };
  const before = await commit(dataset, 'as ever');
  await commit(cell!.shared.base, 'weights');
  const readAll = ({ input, optionalInput }: { input: (role: string) => Promise<string>; optionalInput: (role: string) => Promise<string | null> }) => Promise.all([input('dataset'), input('dataset'), optionalInput('dataset')]);
  const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  await environment.run(() =>
    runStage(s3.context, 'train', { recipe: train! }, async (work) => {
      const first = await readAll(work);
      const { version } = (await s3.store.findVersion(address))!;
      const after = await commit(dataset, 'another', version);
      expect(contentOf(after)).not.toBe(contentOf(before));
      const folders = new Set([...first, ...(await readAll(work))]);
      expect([...folders].map((folder) => readFileSync(join(folder!, 'file.txt'), 'utf8'))).toEqual(['as ever']);
      expect(await work.inputRecipe('dataset')).toEqual(dataset);
      expect(await work.optionalInput('scores')).toBeNull();
      writeFileSync(join(work.outputFolder, 'adapter'), 'weights');
      return { summary: {} };
    }),
  );
  const made = await s3.store.find({ kind: 'train', key: refOf(train!).key });
  expect(made?.madeFrom).toEqual([{ ...address, content: contentOf(before) }]);
});

it('fails for what its work failed for, though the folder of its files has gone', async () => {
  const { base } = planSweep(parseSweepSpec(smallSpec()), SMALL_FINGERPRINTS).cells[0]!.shared;
  const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  const run = environment.run(() =>
    runStage(s3.context, 'base', { recipe: { ...base, seed: base.seed + 1 } }, async ({ outputFolder }) => {
      rmSync(outputFolder, { recursive: true });
      throw new Error('the disk was taken away');
    }),
  );
  await expect(run).rejects.toThrow('the disk was taken away');
});
