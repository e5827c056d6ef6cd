/** `npm run bench -- NAME [OPTIONS]`: runs one of the benchmarks; each takes options of its own. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const [name, ...options] = process.argv.slice(2);
const python = process.env.NEEDLEWORK_PYTHON_ENV;
if (!python) throw new Error('NEEDLEWORK_PYTHON_ENV: found nothing; run this as npm run bench -- NAME');

const benches: Record<string, { command: string; args: string[]; cwd?: string }> = {
  trainer: { command: python, args: ['-m', 'benches.trainer', ...options], cwd: here('../../infra/trainer') },
  dataset: { command: process.execPath, args: [here('dataset.ts'), ...options] },
  scale: { command: process.execPath, args: [here('scale.ts'), ...options] },
  report: { command: process.execPath, args: [here('report.ts'), ...options] },
  'report-store': { command: process.execPath, args: ['--disable-warning=ExperimentalWarning', here('report-store.ts'), ...options] },
  plan: { command: process.execPath, args: [here('plan.ts'), ...options] },
  orchestration: { command: process.execPath, args: [here('orchestration/run.ts'), ...options] },
  'llm-cache': { command: process.execPath, args: [here('llm-cache.ts'), ...options] },
};
const bench = benches[name ?? ''];
if (bench === undefined) {
  console.error(`NAME: found ${name === undefined ? 'nothing' : `"${name}"`}; allowed: ${Object.keys(benches).join(', ')}`);
  process.exit(2);
}
process.exit(spawnSync(bench.command, bench.args, { stdio: 'inherit', cwd: bench.cwd }).status ?? 1);
