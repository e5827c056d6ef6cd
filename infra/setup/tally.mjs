/** Counting tests over runners. Pure functions. A runner that crashed is a failure even where all its tests passed. */

/** @typedef {{ passed: number, failed: number, skipped: number }} Tally */

/**
 * From vitest's JSON report. A file that could not be loaded has no tests of its own and counts as one failure.
 * @param {string | null} report null where there is none
 * @param {number} status exit status of vitest
 * @returns {Tally}
 */
export function tallyVitest(report, status) {
  let parsed;
  try {
    parsed = JSON.parse(report ?? '');
  } catch {
    return crashed();
  }
  const { numPassedTests: passed, numFailedTests: failedTests, numPendingTests = 0, numTodoTests = 0, testResults } = parsed;
  if (!Number.isInteger(passed) || !Number.isInteger(failedTests) || !Array.isArray(testResults)) return crashed();
  const brokenFiles = testResults.filter(({ status: file, assertionResults = [] }) => file === 'failed' && !assertionResults.some((test) => test.status === 'failed')).length;
  return withStatus({ passed, failed: failedTests + brokenFiles, skipped: numPendingTests + numTodoTests }, status);
}

/**
 * From pytest's JUnit XML.
 * @param {string | null} report null where there is none
 * @param {number} status exit status of pytest; 5 (no tests found) is a failure too
 * @returns {Tally}
 */
export function tallyPytest(report, status) {
  const suites = [...(report ?? '').matchAll(/<testsuite\s[^>]*>/g)].map(([tag]) => tag);
  const count = (tag, name) => Number(new RegExp(`\\s${name}="(\\d+)"`).exec(tag)?.[1] ?? Number.NaN);
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const tag of suites) {
    const [tests, failures, errors, skipped] = ['tests', 'failures', 'errors', 'skipped'].map((name) => count(tag, name));
    total.failed += failures + errors;
    total.skipped += skipped;
    // A test may both fail and err (in its teardown), hence not below 0.
    total.passed += Math.max(0, tests - failures - errors - skipped);
  }
  if (suites.length === 0 || Object.values(total).some(Number.isNaN)) return crashed();
  return withStatus(total, status);
}

/** A check that only has an exit status. */
export function tallyCheck(status) {
  return status === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
}

/** @param {Tally[]} tallies */
export function sum(tallies) {
  return tallies.reduce((a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }), { passed: 0, failed: 0, skipped: 0 });
}

/** The last line of `npm test`. @param {Tally} tally */
export function lastLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

const crashed = () => ({ passed: 0, failed: 1, skipped: 0 });
const withStatus = (tally, status) => (status !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally);
