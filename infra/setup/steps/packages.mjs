/**
 * npm packages: installed into the cache by `npm ci`, and linked as the checkout's `node_modules`. A `node_modules`
 * folder that a person made is never touched: it is used where it holds what package-lock.json asks for, and
 * refused, with advice, where it does not.
 */
import { copyFileSync, existsSync, lstatSync, readFileSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { cachedFolder, cacheKey, logFile, platformName } from '../cache.mjs';
import { execute } from '../programs.mjs';
import { SetupFailure } from '../failure.mjs';
import { npm } from '../npm.mjs';

export const packages = {
  label: 'npm packages',
  async run({ root, cache, begins, waits, need }) {
    const { version } = await need('node');
    const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
    const link = join(root, 'node_modules');
    if (isForeign(link)) {
      checkForeign(link, JSON.parse(lock));
      return { note: 'node_modules was installed by hand and fits package-lock.json' };
    }
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const { folder } = await cachedFolder({
      cache, kind: 'packages', onWait: waits,
      key: `${cacheKey(lock, JSON.stringify([dependencies, devDependencies]))}-node${version.split('.')[0]}-${platformName}`,
      build: async (target) => {
        begins();
        for (const file of ['package.json', 'package-lock.json', '.npmrc']) {
          if (existsSync(join(root, file))) copyFileSync(join(root, file), join(target, file));
        }
        // No package here needs its install script: binaries come as packages of their own.
        await execute(...npm('ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=warn'), {
          cwd: target,
          log: logFile(cache, 'packages'),
          failure: 'npm ci failed',
          advice: 'check that npm reaches its registry (npm ping); if package.json was edited by hand, run "npm run lock"; then run this again',
        });
      },
    });
    pointTo(link, join(folder, 'node_modules'));
    return { note: `${Object.keys(JSON.parse(lock).packages).length - 1} packages by npm ci, linked as node_modules` };
  },
};

/** The links this step makes, whatever the cache folder was then. */
const OWN_TARGET = /[\\/]packages[\\/][0-9a-f]{16}-node\d+-[^\\/]+[\\/]node_modules$/;

/** Whether `node_modules` exists and is not our own link into a cache. */
function isForeign(link) {
  const found = lstatSync(link, { throwIfNoEntry: false });
  return found !== undefined && !(found.isSymbolicLink() && OWN_TARGET.test(readlinkSync(link)));
}

function checkForeign(link, lock) {
  let installed = { packages: {} };
  try {
    installed = JSON.parse(readFileSync(join(link, '.package-lock.json'), 'utf8'));
  } catch {
    // Not made by npm, or not finished: everything differs.
  }
  const differences = lockDifferences(lock, installed);
  if (differences.length === 0) return;
  throw new SetupFailure(`node_modules is not what package-lock.json asks for: ${differences.slice(0, 3).join('; ')}${differences.length > 3 ? `; and ${differences.length - 3} more` : ''}`, {
    advice: 'node_modules was made by hand, so it is left alone: remove it (the set-up then makes its own), or run "npm ci"',
  });
}

/**
 * How an installed tree differs from its lock file, one phrase per package. Packages that are optional, or for other
 * platforms, may be absent. Pure.
 * @param {{ packages: Record<string, { version?: string, optional?: boolean, devOptional?: boolean }> }} lock package-lock.json
 * @param {{ packages: Record<string, { version?: string }> }} installed node_modules/.package-lock.json
 * @returns {string[]}
 */
export function lockDifferences(lock, installed) {
  const differences = [];
  for (const [path, wanted] of Object.entries(lock.packages)) {
    if (path === '') continue;
    const found = installed.packages[path];
    const name = path.replace(/^node_modules\//, '');
    if (!found) {
      if (!wanted.optional && !wanted.devOptional && !wanted.peer) differences.push(`${name} ${wanted.version} is missing`);
    } else if (found.version !== wanted.version) {
      differences.push(`${name} is ${found.version}, not ${wanted.version}`);
    }
  }
  for (const path of Object.keys(installed.packages)) {
    if (!(path in lock.packages)) differences.push(`${path.replace(/^node_modules\//, '')} is not in the lock file`);
  }
  return differences;
}

/** Makes or moves the link in one step, so that a process that runs meanwhile always finds packages. */
function pointTo(link, target) {
  try {
    if (readlinkSync(link) === target) return;
  } catch {
    // No link yet.
  }
  const draft = `${link}.${process.pid}`;
  rmSync(draft, { force: true });
  symlinkSync(target, draft);
  renameSync(draft, link);
}
