/** The trainer's Python environment: a venv in the cache, filled from infra/trainer/requirements.lock, and with DeepSpeed where that is asked for. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cachedFolder, cacheKey, finishedFolder, logFile, platformName } from '../cache.mjs';
import { SetupFailure } from '../failure.mjs';
import { execute } from '../programs.mjs';
import { findPython } from '../pythons.mjs';

export const python = {
  label: 'Python environment',
  async run({ root, cache, begins, waits }) {
    const lockFile = join(root, 'infra', 'trainer', 'requirements.lock');
    const deepspeed = wantsDeepSpeed(process.env.NEEDLEWORK_DEEPSPEED) ? join(root, 'infra', 'trainer', 'requirements-deepspeed.lock') : null;
    const lock = cacheKey([lockFile, ...(deepspeed ? [deepspeed] : [])].map((file) => readFileSync(file, 'utf8')).join(''));
    const ready = process.env.NEEDLEWORK_PYTHON ? null : readyEnvironment(cache, lock);
    if (ready) return ready;

    const base = await findPython();
    const minor = base.version.split('.').slice(0, 2).join('.');
    const { folder, facts } = await cachedFolder({
      cache, kind: 'python', key: `${lock}-${minor}-${platformName}`, usable: works, onWait: waits,
      build: async (target) => {
        begins();
        const scratch = join(target, 'tmp');
        mkdirSync(scratch);
        const options = {
          log: logFile(cache, 'python'),
          failure: `pip could not install the trainer's packages for Python ${base.version}`,
          advice: 'check that pip reaches its index and that there are 8 GB free; then run this again',
          // Wheels of several GB pass through TMPDIR, and /tmp is small on many machines.
          env: { ...process.env, TMPDIR: scratch, PIP_DISABLE_PIP_VERSION_CHECK: '1' },
        };
        await execute(base.executable, ['-I', '-m', 'venv', join(target, 'venv')], options);
        await execute(executableIn(target), ['-m', 'pip', 'install', '--require-hashes', '--only-binary', ':all:', '-r', lockFile], options);
        if (deepspeed) await execute(executableIn(target), ['-m', 'pip', 'install', ...ON_TOP, '-r', deepspeed], { ...options, env: { ...options.env, ...WITHOUT_COMPILER } });
        rmSync(scratch, { recursive: true, force: true });
        return { python: base.version, from: base.executable, ...(deepspeed && { deepspeed: true }) };
      },
    });
    return found({ folder, facts });
  },
};

/** DeepSpeed comes as source alone, and is built by the environment's own setuptools, so that hashes decide over all that runs. */
const ON_TOP = ['--require-hashes', '--no-deps', '--no-build-isolation', '--only-binary', ':all:', '--no-binary', 'deepspeed'];
/** Its kernels are left out: training needs none of them. */
const WITHOUT_COMPILER = { DS_BUILD_OPS: '0', DS_ACCELERATOR: 'cpu' };

/**
 * Whether DeepSpeed is to be installed too. Pure.
 * @param {string | undefined} asked NEEDLEWORK_DEEPSPEED
 * @throws {SetupFailure} where it is neither empty nor 1
 */
export function wantsDeepSpeed(asked) {
  if (!asked) return false;
  if (asked !== '1') throw new SetupFailure(`NEEDLEWORK_DEEPSPEED: found '${asked}'; allowed: 1, or nothing`, { advice: 'set it to 1, or unset it' });
  return true;
}

const executableIn = (folder) => join(folder, 'venv', 'bin', 'python');
/** A venv points at the Python it was made from; where that was removed, it is made anew. */
const works = (folder) => existsSync(executableIn(folder));
const found = ({ folder, facts }) => ({ executable: executableIn(folder), note: `Python ${facts.python} with the packages of requirements.lock${facts.deepspeed ? ' and DeepSpeed' : ''}` });

/** Any finished environment of this lock will do, so that a warm start need not look at the machine's Pythons. */
function readyEnvironment(cache, lock) {
  const kind = join(cache, 'python');
  if (!existsSync(kind)) return null;
  const keys = readdirSync(kind).filter((name) => name.startsWith(`${lock}-`) && name.endsWith(`${platformName}.json`)).map((name) => name.slice(0, -'.json'.length)).sort();
  const ready = keys.map((key) => finishedFolder({ cache, kind: 'python', key })).find((one) => one !== null && works(one.folder));
  return ready ? found(ready) : null;
}
