import { expect, test } from 'vitest';
import { lastLine, sum, tallyCheck, tallyPytest, tallyVitest } from '../../../infra/setup/tally.mjs';

const vitest = (overrides) => JSON.stringify({ numPassedTests: 3, numFailedTests: 0, numPendingTests: 1, numTodoTests: 0, testResults: [], ...overrides });
const pytest = (attributes) => `<?xml version="1.0"?><testsuites name="pytest tests"><testsuite name="pytest" ${attributes} time="1.2"><testcase classname="tests" name='tests="9"'/></testsuite></testsuites>`;

test('vitest: tests are counted, and a file that could not be loaded is a failure', () => {
  expect(tallyVitest(vitest({}), 0)).toEqual({ passed: 3, failed: 0, skipped: 1 });
  expect(tallyVitest(vitest({ testResults: [{ status: 'failed', assertionResults: [] }, { status: 'passed', assertionResults: [] }] }), 1)).toEqual({ passed: 3, failed: 1, skipped: 1 });
  const one = { numFailedTests: 1, testResults: [{ status: 'failed', assertionResults: [{ status: 'failed' }] }] };
  expect(tallyVitest(vitest(one), 1)).toEqual({ passed: 3, failed: 1, skipped: 1 });
});

test('pytest: failures and errors both count as failed', () => {
  expect(tallyPytest(pytest('errors="1" failures="2" skipped="3" tests="10"'), 1)).toEqual({ passed: 4, failed: 3, skipped: 3 });
});

test('a runner that crashed counts as a failure, whatever it reported', () => {
  for (const report of [null, '', 'not json', '{}']) expect(tallyVitest(report, 0).failed).toBe(1);
  for (const report of [null, '', '<testsuite>', '<testsuite tests="x">']) expect(tallyPytest(report, 0).failed).toBe(1);
  expect(tallyVitest(vitest({}), 137)).toEqual({ passed: 3, failed: 1, skipped: 1 });
  expect(tallyPytest(pytest('errors="0" failures="0" skipped="0" tests="0"'), 5)).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

test('the last line sums up all runners', () => {
  const total = sum([tallyVitest(vitest({}), 0), tallyPytest(pytest('errors="0" failures="0" skipped="0" tests="7"'), 0), tallyCheck(0)]);
  expect(lastLine(total)).toBe('11 passed, 0 failed, 1 skipped');
  expect(lastLine(sum([tallyCheck(0), tallyCheck(2)]))).toBe('1 passed, 1 failed');
});
