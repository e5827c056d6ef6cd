/**
 * `npm test`: vitest on what runs whole sweeps, and aside, one after the other, pytest and vitest on the other tests, which get the processor time that is
 * left (a sweep waits for servers much of the time); then the type check, and one line that sums them up.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { handOver } from './handover.mjs';
import { lastLine, sum, tallyCheck, tallyPytest, tallyVitest } from './tally.mjs';

/** Folders of tests that run aside, after pytest: with it they take no longer than the others. */
const ASIDE = ['test/activities', 'test/infra'];

/**
 * @param {{ root: string, env: NodeJS.ProcessEnv, node: string, python: string, args: string[] }} options with `args`
 *   (a filter for vitest and its options) only vitest runs
 * @returns {Promise<number>} exit status
 */
export async function runTests({ root, env, node, python, args }) {
  const reports = mkdtempSync(join(tmpdir(), 'needlework-test-'));
  const read = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : null);
  const inPackages = (...path) => join(root, 'node_modules', ...path);
  const interrupted = (status) => status === 130 || status === 143;
  let stop = false;
  const onInterrupt = () => (stop = true);
  process.on('SIGINT', onInterrupt).on('SIGTERM', onInterrupt);

  const trainer = join(root, 'infra', 'trainer');
  const whole = args.length === 0;
  const pytest = (report, output) =>
    handOver(python, ['-m', 'pytest', 'tests', '-p', 'no:cacheprovider', `--junit-xml=${report}`], {
      env: { ...env, PYTHONPATH: trainer, PYTHONDONTWRITEBYTECODE: '1' },
      cwd: trainer,
      aside: output,
    });
  /** `cache`: two at once have one each. */
  const vitest = (report, cache, chosen, aside) =>
    handOver(node, [inPackages('vitest', 'vitest.mjs'), 'run', '--configLoader=native', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...chosen], {
      env: { ...env, NEEDLEWORK_VITEST_CACHE: cache },
      cwd: root,
      ...(aside && { aside }),
    });

  const filesOf = (name) => ({ report: join(reports, `${name}.report`), output: join(reports, `${name}.log`) });
  const [ofMain, ofPytest, ofAside] = ['vitest', 'pytest', 'vitest-aside'].map(filesOf);
  const pytestDone = whole ? pytest(ofPytest.report, ofPytest.output) : null;
  const asideDone = pytestDone?.then((status) => (stop || interrupted(status) ? status : vitest(ofAside.report, 'vitest-aside', ASIDE.map((folder) => `${folder}/`), ofAside.output)));
  for (const done of [pytestDone, asideDone]) done?.catch(() => {}); // told in its turn

  const runners = {
    [whole ? 'vitest (sweeps)' : 'vitest (TypeScript)']: async () => {
      const status = await vitest(ofMain.report, 'vitest', whole ? ASIDE.map((folder) => `--exclude=${folder}/**`) : args);
      return { tally: tallyVitest(read(ofMain.report), status), status };
    },
    'pytest (trainer)': async () => {
      const status = await pytestDone;
      process.stdout.write(read(ofPytest.output) ?? '');
      return { tally: tallyPytest(read(ofPytest.report), status), status };
    },
    'vitest (the other tests of TypeScript)': async () => {
      const status = await asideDone;
      process.stdout.write(read(ofAside.output) ?? '');
      return { tally: tallyVitest(read(ofAside.report), status), status };
    },
    'tsc (types)': async () => {
      let status = 0;
      // The report's scripts run in a browser, so they are checked against its library.
      for (const project of ['.', join('activities', 'report', 'page')]) {
        status ||= await handOver(node, [inPackages('typescript', 'bin', 'tsc'), '-p', project], { env, cwd: root });
      }
      return { tally: tallyCheck(status), status };
    },
  };

  const tallies = [];
  try {
    for (const [name, run] of Object.entries(runners)) {
      if (!whole && tallies.length > 0) break;
      process.stdout.write(`\n== ${name}\n`);
      const { tally, status } = await run();
      process.stdout.write(`${name}: ${lastLine(tally)}${status === 0 ? '' : ` (exit status ${status})`}\n`);
      tallies.push(tally);
      if (stop || interrupted(status)) break;
    }
  } finally {
    await asideDone?.catch(() => {});
    process.off('SIGINT', onInterrupt).off('SIGTERM', onInterrupt);
    rmSync(reports, { recursive: true, force: true });
  }
  const total = sum(tallies);
  if (stop) total.failed = Math.max(1, total.failed);
  process.stdout.write(`\n${lastLine(total)}\n`);
  return total.failed === 0 ? 0 : 1;
}
