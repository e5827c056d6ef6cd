#!/usr/bin/env node
/**
 * The entry of everything: `npm start`, `npm test`, `npx needlework …`. Plain Node (20 or newer) without
 * dependencies: it sets the machine up as far as the command needs, then hands over to the TypeScript of workers/cli.
 */
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheRoot } from './cache.mjs';
import { EVERYTHING, environment, exportLines, stepsOf } from './commands.mjs';
import { handOver } from './handover.mjs';
import { createPrinter, seconds } from './print.mjs';
import { endRunning } from './programs.mjs';
import { setUp } from './setup.mjs';
import { runTests } from './tests.mjs';

const began = Date.now();
const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
const [command, ...args] = process.argv.slice(2);

if (Number(process.versions.node.split('.')[0]) < 20) {
  process.stderr.write(`Needlework needs Node 20 or newer to begin with; this is ${process.versions.node}.\n`);
  process.exit(1);
}

const cache = cacheRoot();
const printer = createPrinter({ cache });
const interrupted = (status) => () => {
  endRunning();
  printer.close();
  process.exit(status);
};
const onInterrupt = interrupted(130);
const onTerminate = interrupted(143);
process.on('SIGINT', onInterrupt).on('SIGTERM', onTerminate);

const found = await setUp(stepsOf(command, args), { root, cache, printer });
printer.close();
if (!found) {
  printer.line('The set-up did not finish. What succeeded is kept, so the next try continues from here.');
  process.exit(1);
}
if (printer.announced) printer.line(`Set-up finished (${seconds(Date.now() - began)}).`);
else if (command === 'setup') printer.line(EVERYTHING.map((name) => `  ${name}: ${found[name].note}`).concat(`Everything was set up already (${seconds(Date.now() - began)}).`).join('\n'));

process.off('SIGINT', onInterrupt).off('SIGTERM', onTerminate);
const variables = environment({ cache, found, path: process.env.PATH ?? '' });
const env = { ...process.env, ...variables };

if (command === 'setup') {
  process.exitCode = 0;
} else if (command === 'env') {
  process.stdout.write(`${exportLines(variables)}\n`);
} else if (command === 'test') {
  process.exitCode = await runTests({ root, env, node: found.node.executable, python: found.python.executable, args });
} else {
  const cli = join(root, 'workers', 'cli', 'main.ts');
  // Type stripping still calls itself experimental in the first releases of Node 24.
  // What has been compiled once is read from there, so that commands begin sooner.
  const compiled = { NODE_COMPILE_CACHE: join(cache, 'compiled'), ...env };
  process.exitCode = await handOver(found.node.executable, ['--disable-warning=ExperimentalWarning', cli, ...process.argv.slice(2)], { env: compiled });
}
