import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { digestModelFolder, ENCODER } from '#activities/base/model-folder.ts';
import { Downloads } from '#infra/downloads/downloads.ts';
import { s3ClientFrom } from '#infra/downloads/s3.ts';
import { fingerprintInputs } from '#activities/inputs/fingerprint.ts';
import { parseSweepSpec } from '#workflows/contracts/parse.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { smallSpec } from '../../support/spec.ts';

const MODELS = fileURLToPath(new URL('../../../examples/models', import.meta.url));

it('takes the fingerprint of a retriever’s encoder, and names the field where it is not there', async () => {
  const folder = temporaryFolder();
  cpSync(join(MODELS, 'tiny-llama'), join(folder, 'base'), { recursive: true });
  cpSync(join(MODELS, 'tiny-llama'), join(folder, 'encoder'), { recursive: true });
  writeFileSync(join(folder, 'encoder', 'config.json'), '{}');
  for (const name of ['q.jsonl', 'p.jsonl']) writeFileSync(join(folder, name), name);
  const spec = (path: string) =>
    parseSweepSpec(
      smallSpec({
        tasks: [{ task: 'mdqa', source: { kind: 'nq-open', questions: 'q.jsonl', pool: 'p.jsonl' }, retriever: { kind: 'contriever', model: { path } } }],
        models: [{ model: 'tiny', base: { kind: 'folder', path: 'base' }, ropeTheta: 1 }],
      }),
    );
  const means = { baseFolder: folder, downloads: new Downloads({ folder: join(folder, 'downloads'), s3: () => s3ClientFrom({}) }) };
  const found = await fingerprintInputs(means, spec('encoder'));
  expect(Object.keys(found)).toEqual(['q.jsonl', 'p.jsonl', 'encoder', 'base']);
  expect(found.encoder).toBe(await digestModelFolder(join(folder, 'encoder'), 'path', ENCODER));
  expect(found.encoder).not.toBe(found.base);
  await expect(fingerprintInputs(means, spec('nowhere'))).rejects.toMatchObject({ type: 'ModelMissing', message: expect.stringMatching(/^tasks\[0\]\.retriever\.model\.path: found no folder/) });
});
