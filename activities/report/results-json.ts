import canonicalize from 'canonicalize';
import { SweepResults } from '#workflows/contracts/report.ts';

/**
 * `results.json`: the results as canonical JSON (RFC 8785), one line with a line feed.
 * @throws ZodError where they do not fit the schema
 */
export function resultsJson(results: SweepResults): string {
  return `${canonicalize(SweepResults.parse(results))}\n`;
}
