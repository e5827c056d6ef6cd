/** Work that knows of no signal ends when its stage is cancelled, or its worker stops. */
import { copyFileSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { lightActivities } from '#activities/index.ts';
import { parseSweepSpec } from '#workflows/contracts/parse.ts';
import { refOf } from '#workflows/plan/keys.ts';
import { planSweep } from '#workflows/plan/plan.ts';
import { CHECKOUT } from '#workers/home.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { SMALL_FINGERPRINTS, smallSpec } from '../../support/spec.ts';
import { s3ForTests } from '../../support/stored-activities.ts';

const root = temporaryFolder();
let s3: Awaited<ReturnType<typeof s3ForTests>>;
beforeAll(async () => {
  s3 = await s3ForTests(root);
});
afterAll(() => s3.stop());

it('a dataset of thousands of examples is not built to its end first', { timeout: 120_000 }, async () => {
  const [task] = smallSpec().tasks;
  const spec = parseSweepSpec(smallSpec({ tasks: [{ ...task!, examples: { total: 400, validationShare: 0.1, test: 5 } }] }));
  const [cell] = planSweep(spec, SMALL_FINGERPRINTS).cells;
  const { importSource, synthesizeDataset } = lightActivities(s3.context);
  const activity = () => new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  await activity().run(importSource, { recipe: cell!.shared.source, locations: {} });
  const folder = mkdtempSync(join(root, 'base-'));
  for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json']) copyFileSync(join(CHECKOUT, 'examples/models/tiny-llama', name), join(folder, name));
  await s3.store.commit({ kind: 'base', key: refOf(cell!.shared.base).key, recipe: cell!.shared.base, summary: {}, measurements: {}, versions: {} }, folder);

  const environment = activity();
  const told = new Set<number>();
  environment.on('heartbeat', ({ phase, done }: { phase: string; done: number }) => {
    if (phase !== 'building examples') return;
    told.add(done);
    environment.cancel();
  });
  await expect(environment.run(synthesizeDataset, { recipe: cell!.stages.dataset, locations: {} })).rejects.toBeInstanceOf(CancelledFailure);
  expect([...told]).toEqual([10]);
});
