import { readFile } from 'node:fs/promises';
import { summaryTable } from '#activities/report/index.ts';
import { SweepResults } from '#workflows/contracts/report.ts';
import type { SweepResult } from '#workflows/contracts/progress.ts';
import { parse } from '#workflows/contracts/parse.ts';

/** The end of `needlework start`: the table of results, what failed and why, and where the report is. */
export async function printSummary({ status, stagesRun, stagesReused, failures, report }: SweepResult): Promise<void> {
  const results = parse(SweepResults, JSON.parse(await readFile(report.resultsFile, 'utf8')), report.resultsFile);
  console.log(`\n${summaryTable(results).join('\n')}\n`);
  for (const { message, remedy } of failures) console.log(`failed: ${message}\n  what to do: ${remedy}`);
  console.log(`${status}: ${stagesRun} stages ran, ${stagesReused} were there already`);
  console.log(`report: ${report.file}`);
}
