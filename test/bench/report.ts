/**
 * `npm run bench -- report [LAYERS HEADS SETTINGS]`: the report of a large sweep: size and time of the page and of its figures, and,
 * where there is a browser, how long it takes to open. The sweep is the tests' invented one: ten conditions for each setting.
 */
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { renderReport } from '#activities/report/index.ts';
import { writeFigures } from '#activities/report/figures/write-figures.ts';
import { Condition } from '#workflows/contracts/experiment.ts';
import type { SweepResults } from '#workflows/contracts/report.ts';
import { fixtureResults } from '../activities/report/fixture.ts';
import { CHROMIUM, openBrowser } from '../support/browser.ts';

const [layers = 32, heads = 32, settings = 4] = process.argv.slice(2).map(Number);
for (const [name, value] of Object.entries({ LAYERS: layers, HEADS: heads, SETTINGS: settings })) {
  if (!Number.isInteger(value) || value < 1) throw new RangeError(`${name}: found ${value}; a positive integer is allowed`);
}
const folder = await mkdtemp(join(tmpdir(), 'needlework-bench-report-'));
const one = fixtureResults({ conditions: Condition.options, layers, heads });
const [first] = one.settings;
// The fixture's last cell has failed; here it is one of a whole grid.
const cells = first!.cells.map((cell) => (cell.status === 'done' ? cell : { ...first!.cells[0]!, condition: cell.condition }));
const results: SweepResults = { ...one, settings: Array.from({ length: settings }, (_, at) => ({ ...first!, cells, seed: at })) };

const timed = async <T>(work: () => Promise<T>): Promise<{ value: T; wall: string; cpu: string }> => {
  const [start, used] = [performance.now(), process.cpuUsage()];
  const value = await work();
  const { user, system } = process.cpuUsage(used);
  return { value, wall: `${((performance.now() - start) / 1000).toFixed(1)} s`, cpu: `${((user + system) / 1e6).toFixed(1)} s of CPU` };
};

try {
  console.log(`${settings * cells.length} cells of ${layers} × ${heads} heads`);
  const page = await timed(() => renderReport(results));
  console.log(`page: ${(Buffer.byteLength(page.value) / 1e6).toFixed(1)} MB in ${page.wall} (${page.cpu})`);
  const figures = await timed(() => writeFigures(folder, results));
  const sizes = await Promise.all((await readdir(join(folder, 'figures'))).map(async (name) => (await stat(join(folder, 'figures', name))).size));
  console.log(`figures: ${sizes.length} files, ${(sizes.reduce((sum, size) => sum + size, 0) / 1e6).toFixed(1)} MB in ${figures.wall} (${figures.cpu})`);
  const file = join(folder, 'report.html');
  await writeFile(file, page.value);
  if (CHROMIUM === undefined) console.log('browser: none on this machine');
  else {
    const browser = await openBrowser();
    const tab = await browser.newPage();
    const opened = await timed(() => tab.goto(pathToFileURL(file).href));
    const elements = await tab.evaluate<number>(`document.querySelectorAll('*').length`);
    const chosen = await timed(() => tab.locator('[data-pair]').first().locator('[data-choice="second"]').first().selectOption({ index: 5 }));
    console.log(`browser: opened in ${opened.wall}, ${elements} elements; another model chosen in ${chosen.wall}`);
    await browser.close();
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
