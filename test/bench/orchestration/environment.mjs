/**
 * Makes the Python environment of the programs that we are compared with: in the cache, from a lock file with hashes, once. Prints
 * the folder of its programs as its last line.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cachedFolder, cacheKey, cacheRoot, logFile, platformName } from '../../../infra/setup/cache.mjs';
import { execute } from '../../../infra/setup/programs.mjs';
import { findPython } from '../../../infra/setup/pythons.mjs';

const LOCK = fileURLToPath(new URL('requirements.lock', import.meta.url));
/** Snakemake asks for it. */
const OLDEST_MINOR = 11;
/** Published as source alone; built by the environment's own setuptools, so that hashes decide over all that runs. */
const SOURCE_ALONE = new Set(['connection-pool']);

const { executable, version } = await findPython();
const minor = Number(version.split('.')[1]);
if (minor < OLDEST_MINOR) throw new Error(`python: found ${version} (${executable}), allowed: 3.${OLDEST_MINOR} or newer; NEEDLEWORK_PYTHON chooses one`);
const cache = cacheRoot();
const packages = readFileSync(LOCK, 'utf8').split(/^(?=[a-zA-Z0-9])/m).filter((block) => /^[\w.-]+==/.test(block));
const { folder } = await cachedFolder({
  cache,
  kind: 'orchestration-bench',
  key: `${cacheKey(packages.join(''))}-3.${minor}-${platformName}`,
  build: async (target) => {
    console.log('making the environment of Prefect, Dagster and Snakemake, once');
    const python = join(target, 'venv', 'bin', 'python');
    const scratch = join(target, 'tmp');
    mkdirSync(scratch);
    const options = {
      log: logFile(cache, 'orchestration-bench'),
      failure: 'pip could not install what the bench compares with',
      advice: 'check that pip reaches its index',
      env: { ...process.env, TMPDIR: scratch, PIP_DISABLE_PIP_VERSION_CHECK: '1' },
    };
    const isSource = (block) => SOURCE_ALONE.has(block.split('==', 1)[0]);
    const [wheels, sources] = [join(target, 'wheels.lock'), join(target, 'sources.lock')];
    writeFileSync(wheels, packages.filter((block) => !isSource(block)).join(''));
    writeFileSync(sources, packages.filter(isSource).join(''));
    await execute(executable, ['-I', '-m', 'venv', join(target, 'venv')], options);
    await execute(python, ['-m', 'pip', 'install', '--require-hashes', '--no-deps', '--only-binary', ':all:', '-r', wheels], options);
    await execute(python, ['-m', 'pip', 'install', '--require-hashes', '--no-deps', '--no-build-isolation', '-r', sources], options);
    rmSync(scratch, { recursive: true, force: true });
    return { python: version };
  },
});
console.log(join(folder, 'venv', 'bin'));
