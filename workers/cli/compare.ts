import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { canonicalJson } from '#activities/report/canonical-json.ts';
import { comparisonFindings, comparisonPage } from '#activities/report/comparison-page.ts';
import { difference, nameOf, score, settingName } from '#activities/report/format.ts';
import { withArtifacts } from '#activities/report/places.ts';
import { oneLine, tableLines } from '#activities/report/table-lines.ts';
import { compareStored } from '#activities/sweeps/compare.ts';
import { sweepFolder } from '#activities/sweeps/folder.ts';
import type { SweepComparison } from '#workflows/contracts/comparison.ts';
import { homeFrom } from '../home.ts';
import { placesFrom } from '../places.ts';
import { withSweeps } from './sweep-store.ts';

/** `needlework compare A B`: two sweeps of the store side by side, in the terminal, as one page and as JSON; made from the store alone. */
export async function compare(a: string, b: string, { out }: { out?: string } = {}): Promise<void> {
  const home = homeFrom(process.env);
  const comparison = await withSweeps(home, process.env, (sweeps) => compareStored(sweeps, a, b));
  const folder = out === undefined ? join(home.reportsFolder, '_compare', `${sweepFolder(a)}-and-${sweepFolder(b)}`) : resolve(out);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'comparison.json'), canonicalJson(comparison));
  await writeFile(join(folder, 'comparison.html'), withArtifacts(comparisonPage(comparison), (await placesFrom(home, process.env)).artifacts, folder));
  console.log([...comparisonTable(comparison), '', ...comparisonFindings(comparison).map(oneLine), '', `comparison: ${join(folder, 'comparison.html')}`].join('\n'));
}

const COLUMNS = [{ head: 'Cell' }, ...['F1, a', 'F1, b', 'b − a', 'Heads, a', 'Heads, b', 'Recall, a', 'Recall, b', 'Cosine, a', 'Cosine, b'].map((head) => ({ head, numeric: true })), { head: 'Not there' }];

/** Lines for the terminal: one per cell that either sweep has, then the fields in which their specs differ. */
export function comparisonTable({ a, b, cells, differences }: SweepComparison): string[] {
  const count = (value: number | null) => (value === null ? '–' : String(value));
  const rows = cells.map(({ task, model, variant, seed, by, a: left, b: right, f1 }) => [
    `${settingName({ task, model, ...(variant !== null && { variant }), ...(seed !== null && { seed }) })}: ${nameOf(by)}`,
    score(left.f1?.mean),
    score(right.f1?.mean),
    f1 === null ? '–' : difference(f1.mean),
    count(left.positive),
    count(right.positive),
    score(left.recall),
    score(right.recall),
    score(left.cosine),
    score(right.cosine),
    [['a', left] as const, ['b', right] as const].flatMap(([side, { reason }]) => (reason === null ? [] : [`${side}: ${reason}`])).join('; '),
  ]);
  return [`a: ${oneLine(a.sweep)}`, `b: ${oneLine(b.sweep)}`, '', ...tableLines(COLUMNS, rows), ...(differences.length === 0 ? [] : ['', ...tableLines([{ head: 'Field of the spec' }, { head: 'a' }, { head: 'b' }], differences.map(({ field, a: left, b: right }) => [field, left ?? 'absent', right ?? 'absent']))])];
}
