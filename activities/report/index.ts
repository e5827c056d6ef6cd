/** What a sweep's results look like: the HTML report, `results.json`, and the table at the end of a run. */
export { renderReport } from './render.ts';
export { resultsJson } from './results-json.ts';
export { summaryTable } from './summary-table.ts';
