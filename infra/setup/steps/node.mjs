/** Node: the running one where it is new enough, else a pinned one from npm. */
import { copyFileSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cachedFolder, logFile, platformName } from '../cache.mjs';
import { ask, execute } from '../programs.mjs';
import { SetupFailure } from '../failure.mjs';
import { npm } from '../npm.mjs';
import { oldestOf, within } from '../versions.mjs';

export const node = {
  label: 'Node',
  async run({ root, cache, begins, waits }) {
    const oldest = oldestOf(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).engines.node);
    if (within(process.versions.node, { oldest })) {
      return { executable: process.execPath, folder: dirname(process.execPath), version: process.versions.node, note: `${process.versions.node} is new enough` };
    }
    const locks = join(root, 'infra', 'setup', 'locks', 'node');
    const name = `node-${platformName}`;
    const version = JSON.parse(readFileSync(join(locks, 'package.json'), 'utf8')).optionalDependencies[name];
    if (!version) {
      throw new SetupFailure(`Node ${process.versions.node} is older than ${oldest}, and npm has no Node for ${platformName}`, {
        advice: `install Node ${oldest} or newer and run this again`,
      });
    }
    const { folder } = await cachedFolder({
      cache, kind: 'node', key: `${version}-${platformName}`, onWait: waits,
      build: async (target) => {
        begins();
        for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(locks, file), join(target, file));
        const failure = `npm could not install Node ${version}`;
        const advice = `check that npm reaches its registry (npm ping), or install Node ${oldest} or newer yourself; then run this again`;
        const log = logFile(cache, 'node');
        await execute(...npm('ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=warn'), { cwd: target, log, failure, advice });
        // The packages are optional, one per platform, and npm is silent about an optional package it cannot fetch.
        const installed = await ask(executableIn(target, name), ['--version']);
        if (installed?.trim() !== `v${version}`) throw new SetupFailure(failure, { advice, log });
      },
    });
    const executable = executableIn(folder, name);
    return { executable, folder: dirname(executable), version, note: `${version} from npm, since ${process.versions.node} is older than ${oldest}` };
  },
};

const executableIn = (folder, name) => join(folder, 'node_modules', name, 'bin', 'node');
