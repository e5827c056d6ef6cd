import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { digestFolder } from '#infra/artifacts/files.ts';
import { CHECKOUT } from './home.ts';

/** Names the workflow code of this checkout: a history goes on only under the code that began it. */
export async function workflowCodeName(): Promise<string> {
  const sources = await digestFolder(join(CHECKOUT, 'workflows'));
  const lock = await readFile(join(CHECKOUT, 'package-lock.json'), 'utf8');
  return createHash('sha256').update(sources).update(lock).digest('hex').slice(0, 32);
}

/**
 * Path of the bundled workflow code. Bundling takes seconds, so a bundle is kept in `cacheFolder` under the hash of the
 * workflows' sources and the locked dependencies.
 */
export async function workflowBundle(cacheFolder: string): Promise<{ codePath: string }> {
  const codePath = join(cacheFolder, 'workflow-bundles', `${await workflowCodeName()}.cjs`);
  if (await stat(codePath).catch(() => null)) return { codePath };
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)),
    logger: new DefaultLogger('WARN'),
  });
  await mkdir(join(cacheFolder, 'workflow-bundles'), { recursive: true });
  const partial = `${codePath}.${process.pid}`;
  await writeFile(partial, code);
  await rename(partial, codePath);
  return { codePath };
}
