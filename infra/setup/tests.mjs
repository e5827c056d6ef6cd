/**
 * `npm test`: vitest, and beside it pytest, which gets the processor time that vitest leaves (its tests wait for servers much of the time);
 * then the type check, and one line that sums them up.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { handOver } from './handover.mjs';
import { lastLine, sum, tallyCheck, tallyPytest, tallyVitest } from './tally.mjs';

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

  const [pytestReport, pytestOutput] = [join(reports, 'pytest.xml'), join(reports, 'pytest.log')];
  const trainer = join(root, 'infra', 'trainer');
  const pytest =
    args.length > 0
      ? null
      : handOver(python, ['-m', 'pytest', 'tests', '-p', 'no:cacheprovider', `--junit-xml=${pytestReport}`], {
          env: { ...env, PYTHONPATH: trainer, PYTHONDONTWRITEBYTECODE: '1' },
          cwd: trainer,
          aside: pytestOutput,
        });
  pytest?.catch(() => {}); // told in its turn

  const runners = {
    'vitest (TypeScript)': async () => {
      const report = join(reports, 'vitest.json');
      const status = await handOver(node, [inPackages('vitest', 'vitest.mjs'), 'run', '--configLoader=native', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...args], { env, cwd: root });
      return { tally: tallyVitest(read(report), status), status };
    },
    'pytest (trainer)': async () => {
      const status = await pytest;
      process.stdout.write(read(pytestOutput) ?? '');
      return { tally: tallyPytest(read(pytestReport), status), status };
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
      if (args.length > 0 && tallies.length > 0) break;
      process.stdout.write(`\n== ${name}\n`);
      const { tally, status } = await run();
      process.stdout.write(`${name}: ${lastLine(tally)}${status === 0 ? '' : ` (exit status ${status})`}\n`);
      tallies.push(tally);
      if (stop || interrupted(status)) break;
    }
  } finally {
    await pytest?.catch(() => {});
    process.off('SIGINT', onInterrupt).off('SIGTERM', onInterrupt);
    rmSync(reports, { recursive: true, force: true });
  }
  const total = sum(tallies);
  if (stop) total.failed = Math.max(1, total.failed);
  process.stdout.write(`\n${lastLine(total)}\n`);
  return total.failed === 0 ? 0 : 1;
}
